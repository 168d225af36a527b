import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { Clusters } from '../gates/correlation-gate.ts';
import { EwmaSums } from './ewma-sums.ts';
import type { EachReturn, PairStatistic } from './pair-statistic.ts';
import type { ReturnHistory } from './return-history.ts';
import { RollingSums } from './rolling-sums.ts';

const common = {
  /**
   * From this absolute value on two instruments count as correlated. At 0.5 a quarter of the variance is shared; it is also
   * well beyond what chance makes of 30 bars of nothing (one standard error is 0.18). Correlations rise when markets
   * fall, so a cluster should be seen before it is tight.
   */
  threshold: z.number().gt(0).max(1).default(0.5),
  /** Fewest common bars in the window. */
  minObservations: z.int().min(3).default(30),
};

const schema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('rolling'), ...common }),
  z.strictObject({
    method: z.literal('ewma'),
    /** Weight of the past; 0.94 is what RiskMetrics uses for daily returns. */
    lambda: z.number().gt(0).lt(1).default(0.94),
    ...common,
  }),
]);

/**
 * `rolling` is Pearson's correlation over the window, `ewma` weights recent bars more.
 *
 * @useDeclaredType
 */
export type CorrelationsOptions = z.input<typeof schema>;

export interface CorrelationsDeps {
  readonly returns: ReturnHistory;
}

/**
 * Which instruments move together, by the absolute value of the correlation of their returns. Worked out once per bar,
 * so that to look up a pair costs the same whatever the window. What is not known counts as correlated: too few common
 * bars, a price that does not move, an instrument without a history.
 */
export class Correlations implements Clusters {
  readonly #returns: ReturnHistory;
  readonly #statistic: PairStatistic;
  readonly #threshold: number;
  /** Of the pairs in the order (0,1), (0,2), (1,2), (0,3), ...; NaN when unknown. */
  readonly #values: Float64Array;
  /** Whether bars have left the window since the values were taken. */
  #isStale = false;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: CorrelationsOptions, { returns }: CorrelationsDeps) {
    const parsed = parseOptions('Correlations', schema, options);
    const { minObservations } = parsed;
    // The oldest bar leaves before the newest one is complete.
    if (minObservations >= returns.window) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `Correlations: minObservations: expected less than the window of ${returns.window}, got ${minObservations}`,
      );
    }
    const pairs = pairOf(0, returns.instrumentIds.length);
    this.#returns = returns;
    this.#threshold = parsed.threshold;
    this.#values = new Float64Array(pairs).fill(NaN);
    this.#statistic =
      parsed.method === 'ewma'
        ? new EwmaSums(pairs, parsed.lambda, minObservations)
        : new RollingSums(pairs, this.#eachReturn(pairs), minObservations, 2 * returns.window);
    this.#catchUp();
    returns.watch({
      leaves: (position) => {
        this.#leaves(position);
      },
      came: (instrument, position) => {
        this.#came(instrument, position, returns.instrumentIds.length);
      },
      settle: (instrument) => {
        this.#settle(instrument);
      },
    });
  }

  correlated(instrumentId: string, otherId: string): boolean {
    return !(Math.abs(this.#lookUp(instrumentId, otherId)) < this.#threshold);
  }

  /** From -1 to 1; `undefined` while it is unknown. */
  correlation(instrumentId: string, otherId: string): number | undefined {
    const value = this.#lookUp(instrumentId, otherId);
    return Number.isNaN(value) ? undefined : value;
  }

  #lookUp(instrumentId: string, otherId: string): number {
    const a = this.#returns.indexOf(instrumentId);
    const b = this.#returns.indexOf(otherId);
    if (a === undefined || b === undefined) return NaN;
    return a === b ? 1 : (this.#values[pairOf(Math.min(a, b), Math.max(a, b))] ?? NaN);
  }

  /** Bars that the history had before. */
  #catchUp(): void {
    const { window, instrumentIds } = this.#returns;
    for (let back = window - 1; back >= 0; back -= 1) {
      const position = this.#returns.positionOf(back);
      for (let i = 1; i < instrumentIds.length; i += 1) this.#came(i, position, i);
    }
    this.#isStale = true;
    this.#settle(0);
  }

  /** Adds the return to the pairs with all others below `others` that have one in the same bar. */
  #came(instrument: number, position: number, others: number): void {
    const own = this.#returns.at(instrument, position);
    if (Number.isNaN(own)) return;
    for (let other = 0; other < others; other += 1) {
      const its = this.#returns.at(other, position);
      if (other === instrument || Number.isNaN(its)) continue;
      if (other < instrument) this.#statistic.add(pairOf(other, instrument), its, own);
      else this.#statistic.add(pairOf(instrument, other), own, its);
    }
  }

  #leaves(position: number): void {
    const { length } = this.#returns.instrumentIds;
    for (let second = 1; second < length; second += 1) {
      const y = this.#returns.at(second, position);
      if (Number.isNaN(y)) continue;
      for (let first = 0; first < second; first += 1) {
        const x = this.#returns.at(first, position);
        if (!Number.isNaN(x)) this.#statistic.remove(pairOf(first, second), x, y);
      }
    }
    this.#isStale = true;
  }

  #settle(instrument: number): void {
    if (this.#isStale) {
      for (let pair = 0; pair < this.#values.length; pair += 1) this.#take(pair);
      this.#isStale = false;
      return;
    }
    const { length } = this.#returns.instrumentIds;
    for (let other = 0; other < length; other += 1) {
      if (other !== instrument) this.#take(pairOf(Math.min(other, instrument), Math.max(other, instrument)));
    }
  }

  #take(pair: number): void {
    this.#values[pair] = this.#statistic.correlation(pair);
  }

  #eachReturn(pairs: number): EachReturn {
    const returns = this.#returns;
    const firsts = new Uint16Array(pairs);
    const seconds = new Uint16Array(pairs);
    for (let second = 1; second < returns.instrumentIds.length; second += 1) {
      for (let first = 0; first < second; first += 1) {
        firsts[pairOf(first, second)] = first;
        seconds[pairOf(first, second)] = second;
      }
    }
    return (pair, visit) => {
      const first = firsts[pair] ?? 0;
      const second = seconds[pair] ?? 0;
      for (let position = 0; position < returns.window; position += 1) {
        const x = returns.at(first, position);
        const y = returns.at(second, position);
        if (!Number.isNaN(x) && !Number.isNaN(y)) visit(x, y);
      }
    };
  }
}

/** The number of a pair of instruments, `first < second`. */
const pairOf = (first: number, second: number): number => (second * (second - 1)) / 2 + first;
