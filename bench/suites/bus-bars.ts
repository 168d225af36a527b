import type { BarClosed } from 'portcullis/events';

/** A bar of one of ten instruments, no two the same. */
export const barAt = (index: number): BarClosed => ({
  instrumentId: `INST-${index % 10}`,
  openMs: index,
  closeMs: index + 60_000,
  open: 100 + (index % 7),
  high: 108.5,
  low: 99.25,
  close: 104.75,
  volume: 1_234.5,
  trades: 321,
});
