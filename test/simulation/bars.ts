import { lots, ticks } from '../../src/core/units.ts';
import type { GridBar } from '../../src/simulation/index.ts';

export const bar = (
  open: number,
  high: number,
  low: number,
  close: number,
  volume = 120,
  openMs = 0,
): GridBar => ({
  openMs,
  open: ticks(open),
  high: ticks(high),
  low: ticks(low),
  close: ticks(close),
  volume: lots(volume),
});
