import { type Clock, PortcullisError } from 'portcullis/core';
import type { BarClosed } from 'portcullis/events';
import type { StateStore } from 'portcullis/storage';
import { Book, type Signal, type StrategyContext } from 'portcullis/trading';
import { z } from 'zod';
import type { SignalStrategy } from './signal-strategy.ts';

/** What is saved of a strategy in an instrument. */
const schema = z.strictObject({ barOpenMs: z.number(), state: z.json() });

/** Somebody else may have handled the bar meanwhile: then it is looked at anew. */
const ATTEMPTS = 5;

export interface StrategyRunnerDeps {
  /** Shared by all who run strategies. */
  readonly state: Pick<StateStore, 'get' | 'set'>;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** Resolves once the signal is out. A signal of an id that it has had before goes nowhere. */
  readonly publish: (signal: Signal) => Promise<void>;
}

/**
 * Runs strategies on bars that may come twice, and may come to another process next time. What a strategy knows of an instrument
 * is read from the shared store before each bar and written back, by compare-and-set and with the time of the bar, when its
 * signals are out: only then is the bar done. So a bar that comes again gives nothing, or the same signals under the same ids.
 */
export class StrategyRunner {
  readonly #strategies: readonly SignalStrategy<unknown>[];
  readonly #deps: StrategyRunnerDeps;
  readonly #counts = new Map<string, { bars: number; signals: number }>();

  constructor(strategies: readonly SignalStrategy<unknown>[], deps: StrategyRunnerDeps) {
    this.#strategies = strategies;
    this.#deps = deps;
    for (const { id } of strategies) this.#counts.set(id, { bars: 0, signals: 0 });
  }

  /** What each has seen here. */
  counts(): readonly {
    readonly strategyId: string;
    readonly instrumentIds: readonly string[];
    readonly bars: number;
    readonly signals: number;
  }[] {
    return this.#strategies.map(({ id, instruments }) => ({
      ...{ strategyId: id, instrumentIds: instruments },
      ...(this.#counts.get(id) ?? { bars: 0, signals: 0 }),
    }));
  }

  /** @throws what store and bus throw: then the bar is not done, and comes again */
  async onBar(bar: BarClosed): Promise<void> {
    for (const strategy of this.#strategies)
      if (strategy.instruments.includes(bar.instrumentId)) await this.#run(strategy, bar);
  }

  async #run(strategy: SignalStrategy<unknown>, bar: BarClosed): Promise<void> {
    const key = `strategy/${strategy.id}/${bar.instrumentId}`;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const entry = await this.#deps.state.get(key);
      const saved = entry && schema.parse(entry.value);
      if (saved !== undefined && bar.openMs <= saved.barOpenMs) return; // handled before, here or elsewhere
      const { state, signals } = this.#step(strategy, bar, saved?.state);
      for (const signal of signals) await this.#deps.publish(signal);
      const value = { barOpenMs: bar.openMs, state };
      const { outcome } = await this.#deps.state.set(key, value, { ifVersion: entry?.version ?? 0 });
      if (outcome === 'conflict') continue;
      const count = this.#counts.get(strategy.id);
      if (count !== undefined) {
        count.bars += 1;
        count.signals += signals.length;
      }
      return;
    }
    throw new Error(`${key}: somebody else writes it all the time`);
  }

  /** One tick, so that nobody else's bar comes in between. */
  #step(strategy: SignalStrategy<unknown>, bar: BarClosed, saved: unknown) {
    const signals: Signal[] = [];
    const { clock } = this.#deps;
    strategy.load(bar.instrumentId, saved);
    strategy.onBar(bar, {
      signal: (signal) => signals.push({ ...signal, strategyId: strategy.id }),
      ...{ submit: noDesk, amend: noDesk, cancel: noDesk, clock, book: new Book() },
    } satisfies StrategyContext);
    return { state: strategy.save(bar.instrumentId), signals };
  }
}

/** Orders are the trading process's: here a strategy says what it thinks. */
const noDesk = (): Promise<never> =>
  Promise.reject(new PortcullisError('INPUT_INVALID', 'strategy: there is no desk here: tell a signal'));
