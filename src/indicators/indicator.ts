/**
 * What every indicator here promises, and what one of your own should.
 *
 * - `update` commits one closed bar, `peek` tells what it would answer for the bar still forming and commits nothing.
 *   Both are O(1) amortised and allocate nothing.
 * - Until `lookback` bars have been seen and one more arrives, the answer is NaN.
 * - An input that is NaN, infinite or beyond ±1e100 means "no bar": the state stays as it is and the last answer is
 *   repeated, in the stream and in the batch function alike. Differences then span the hole.
 * - The batch function of the same name gives the same bits.
 *
 * @typeParam Bar what `update` takes, such as `[close: number]`
 * @typeParam Value what it answers
 */
export interface Indicator<Bar extends readonly number[], Value> {
  /** Bars before the first answer: in a column without holes, the index of the first value that is not NaN. */
  readonly lookback: number;
  /** The answer for the last closed bar; NaN until warm. */
  readonly value: Value;
  /** Commits a closed bar and answers for it. */
  update(...bar: Bar): Value;
  /** What `update` would answer for this bar. Commits nothing. */
  peek(...bar: Bar): Value;
  /** The state, to be stored or sent to a worker. */
  save(): Float64Array;
  /**
   * Takes over a state that an indicator with the same options saved; what follows is equal to the bit.
   *
   * @throws {PortcullisError} `INPUT_INVALID` for the state of another indicator, other options, or a damaged one. Nothing
   *   has changed then.
   */
  load(state: Float64Array): void;
}
