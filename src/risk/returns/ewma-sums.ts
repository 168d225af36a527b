import { type PairStatistic, addTo, at, ratio } from './pair-statistic.ts';

/**
 * Exponentially weighted correlation as in RiskMetrics (J.P. Morgan/Reuters, Technical Document, 4th edition, 1996,
 * section 5.2): `s = lambda s + (1 - lambda) x y` over common bars, with a mean of 0. The factor `1 - lambda` cancels.
 * A pair with too few common bars within the window is unknown, so what has stopped moving does not count for ever.
 */
export class EwmaSums implements PairStatistic {
  readonly #n: Int32Array;
  readonly #xx: Float64Array;
  readonly #yy: Float64Array;
  readonly #xy: Float64Array;
  readonly #lambda: number;
  readonly #minObservations: number;

  constructor(pairs: number, lambda: number, minObservations: number) {
    this.#n = new Int32Array(pairs);
    this.#xx = new Float64Array(pairs);
    this.#yy = new Float64Array(pairs);
    this.#xy = new Float64Array(pairs);
    this.#lambda = lambda;
    this.#minObservations = minObservations;
  }

  add(pair: number, x: number, y: number): void {
    // After a whole window without a common bar it begins anew.
    const kept = at(this.#n, pair) === 0 ? 0 : this.#lambda;
    this.#xx[pair] = kept * at(this.#xx, pair) + x * x;
    this.#yy[pair] = kept * at(this.#yy, pair) + y * y;
    this.#xy[pair] = kept * at(this.#xy, pair) + x * y;
    addTo(this.#n, pair, 1);
  }

  remove(pair: number): void {
    addTo(this.#n, pair, -1);
  }

  correlation(pair: number): number {
    if (!(at(this.#n, pair) >= this.#minObservations)) return NaN;
    return ratio(at(this.#xy, pair), at(this.#xx, pair), at(this.#yy, pair));
  }
}
