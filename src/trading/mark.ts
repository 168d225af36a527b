import type { Ticks } from '../core/units.ts';

/** The last good price of an instrument. */
export interface Mark {
  readonly price: Ticks;
  readonly monotonicMs: number;
}
