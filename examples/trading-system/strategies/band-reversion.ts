import type { Bar } from 'portcullis/trading';
import { z } from 'zod';
import { SignalStrategy, type Step } from './signal-strategy.ts';

const schema = z.strictObject({
  /** Of the last bars, oldest first. */
  closes: z.array(z.number()),
  isIn: z.boolean(),
});
type State = z.output<typeof schema>;

export interface BandReversionOptions {
  readonly strategyId: string;
  readonly instruments: readonly string[];
  /** Bars of the average. */
  readonly periodBars: number;
  /** How many standard deviations below the average it buys. */
  readonly deviations: number;
  readonly signalTtlMs: number;
}

/** In when a bar closes below the lower band around the average of the last bars, out when one closes above the average. */
export class BandReversion extends SignalStrategy<State> {
  protected readonly nothing: State = { closes: [], isIn: false };
  readonly #bars: number;
  readonly #deviations: number;

  constructor({ strategyId, instruments, periodBars, deviations, signalTtlMs }: BandReversionOptions) {
    super(strategyId, instruments, signalTtlMs);
    this.#bars = periodBars;
    this.#deviations = deviations;
  }

  protected read(saved: unknown): State {
    return schema.parse(saved);
  }

  protected step({ closes, isIn }: State, { close }: Bar): Step<State> {
    const next = [...closes, close].slice(-this.#bars);
    const middle = mean(next);
    const deviation = Math.sqrt(mean(next.map((one) => (one - middle) ** 2)));
    const lower = middle - this.#deviations * deviation;
    const isWarm = next.length === this.#bars && deviation > 0;
    if (isWarm && !isIn && close < lower) {
      const confidence = Math.min(1, (middle - close) / (2 * this.#deviations * deviation));
      const reason = `close ${close} below the lower band ${lower.toFixed(4)}`;
      return { state: { closes: next, isIn: true }, opinion: { direction: 'buy', confidence, reason } };
    }
    if (isIn && close > middle) {
      const reason = `close ${close} above the average ${middle.toFixed(4)}`;
      return { state: { closes: next, isIn: false }, opinion: { direction: 'flat', confidence: 1, reason } };
    }
    return { state: { closes: next, isIn } };
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
