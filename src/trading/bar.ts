/** One bar, in float64 for statistics and indicators; never for money. */
export interface Bar {
  readonly instrumentId: string;
  /** Inclusive start, wall time in milliseconds. */
  readonly openMs: number;
  /** Exclusive end. */
  readonly closeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** In units of the base. */
  readonly volume: number;
  readonly trades: number;
}
