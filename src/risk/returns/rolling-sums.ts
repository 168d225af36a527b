import { type EachReturn, type PairStatistic, addTo, at, ratio } from './pair-statistic.ts';

/**
 * When less than this share of the largest sum of squares since the last count is left, subtraction has cost digits that
 * matter, and the pair is counted again.
 */
const LEFT_AT_LEAST = 1e-3;

/**
 * Pearson's correlation over the common bars of the window, from running sums. They cannot drift: each pair is counted
 * afresh after `recountAfter` changes (not all in the same bar), and whenever cancellation would cost digits.
 */
export class RollingSums implements PairStatistic {
  readonly #n: Int32Array;
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #xx: Float64Array;
  readonly #yy: Float64Array;
  readonly #xy: Float64Array;
  readonly #peakXX: Float64Array;
  readonly #peakYY: Float64Array;
  /** Changes since the pair was counted. */
  readonly #changes: Int32Array;
  readonly #each: EachReturn;
  readonly #minObservations: number;
  readonly #recountAfter: number;

  constructor(pairs: number, each: EachReturn, minObservations: number, recountAfter: number) {
    const column = () => new Float64Array(pairs);
    this.#n = new Int32Array(pairs);
    this.#x = column();
    this.#y = column();
    this.#xx = column();
    this.#yy = column();
    this.#xy = column();
    this.#peakXX = column();
    this.#peakYY = column();
    this.#changes = Int32Array.from({ length: pairs }, (_, pair) => pair % recountAfter);
    this.#each = each;
    this.#minObservations = minObservations;
    this.#recountAfter = recountAfter;
  }

  add(pair: number, x: number, y: number): void {
    this.#change(pair, 1, x, y);
  }

  remove(pair: number, x: number, y: number): void {
    this.#change(pair, -1, x, y);
  }

  correlation(pair: number): number {
    const n = at(this.#n, pair);
    if (!(n >= this.#minObservations)) return NaN;
    const x = at(this.#x, pair);
    const y = at(this.#y, pair);
    const xx = at(this.#xx, pair) - (x * x) / n;
    const yy = at(this.#yy, pair) - (y * y) / n;
    const isExact =
      at(this.#changes, pair) < this.#recountAfter &&
      xx >= LEFT_AT_LEAST * at(this.#peakXX, pair) &&
      yy >= LEFT_AT_LEAST * at(this.#peakYY, pair);
    return isExact ? ratio(at(this.#xy, pair) - (x * y) / n, xx, yy) : this.#recount(pair);
  }

  #change(pair: number, sign: 1 | -1, x: number, y: number): void {
    addTo(this.#n, pair, sign);
    addTo(this.#x, pair, sign * x);
    addTo(this.#y, pair, sign * y);
    const xx = addTo(this.#xx, pair, sign * x * x);
    const yy = addTo(this.#yy, pair, sign * y * y);
    addTo(this.#xy, pair, sign * x * y);
    if (xx > at(this.#peakXX, pair)) this.#peakXX[pair] = xx;
    if (yy > at(this.#peakYY, pair)) this.#peakYY[pair] = yy;
    addTo(this.#changes, pair, 1);
  }

  /** In two passes: the means, then the deviations from them. */
  #recount(pair: number): number {
    let [n, sumX, sumY, squaresX, squaresY, products] = [0, 0, 0, 0, 0, 0];
    this.#each(pair, (x, y) => {
      n += 1;
      sumX += x;
      sumY += y;
      squaresX += x * x;
      squaresY += y * y;
      products += x * y;
    });
    this.#x[pair] = sumX;
    this.#y[pair] = sumY;
    this.#xx[pair] = this.#peakXX[pair] = squaresX;
    this.#yy[pair] = this.#peakYY[pair] = squaresY;
    this.#xy[pair] = products;
    this.#changes[pair] = 0;
    let [xx, yy, xy] = [0, 0, 0];
    this.#each(pair, (x, y) => {
      const dx = x - sumX / n;
      const dy = y - sumY / n;
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    });
    return ratio(xy, xx, yy, squaresX, squaresY);
  }
}
