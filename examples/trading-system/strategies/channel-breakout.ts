import type { Bar } from 'portcullis/trading';
import { z } from 'zod';
import { SignalStrategy, type Step } from './signal-strategy.ts';

const schema = z.strictObject({
  /** Of the last bars, oldest first. */
  highs: z.array(z.number()),
  lows: z.array(z.number()),
  isIn: z.boolean(),
});
type State = z.output<typeof schema>;

export interface ChannelBreakoutOptions {
  readonly strategyId: string;
  readonly instruments: readonly string[];
  /** Bars whose highest high is to be passed; half as many make the low at which it leaves. */
  readonly channelBars: number;
  readonly signalTtlMs: number;
}

/** Follows a move: in when a bar closes above the channel of the last bars, out when one closes below the shorter one. */
export class ChannelBreakout extends SignalStrategy<State> {
  protected readonly nothing: State = { highs: [], lows: [], isIn: false };
  readonly #bars: number;

  constructor({ strategyId, instruments, channelBars, signalTtlMs }: ChannelBreakoutOptions) {
    super(strategyId, instruments, signalTtlMs);
    this.#bars = channelBars;
  }

  protected read(saved: unknown): State {
    return schema.parse(saved);
  }

  protected step({ highs, lows, isIn }: State, { high, low, close }: Bar): Step<State> {
    const top = Math.max(...highs);
    const bottom = Math.min(...lows.slice(-Math.ceil(this.#bars / 2)));
    const next = { highs: [...highs, high].slice(-this.#bars), lows: [...lows, low].slice(-this.#bars) };
    const isWarm = highs.length === this.#bars;
    if (isWarm && !isIn && close > top) {
      const reason = `close ${close} above ${top}, the highest of ${this.#bars} bars`;
      return { state: { ...next, isIn: true }, opinion: { direction: 'buy', confidence: 0.5, reason } };
    }
    if (isIn && close < bottom) {
      const reason = `close ${close} below ${bottom}, the lowest of the shorter channel`;
      return { state: { ...next, isIn: false }, opinion: { direction: 'flat', confidence: 1, reason } };
    }
    return { state: { ...next, isIn } };
  }
}
