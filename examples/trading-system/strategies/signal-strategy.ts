import type { JsonValue } from 'portcullis/storage';
import type { Bar, MarketView, Strategy, StrategyContext } from 'portcullis/trading';

/** What a strategy has to say about the instrument of a bar. */
export interface Opinion {
  readonly direction: 'buy' | 'sell' | 'flat';
  /** 0 to 1. */
  readonly confidence: number;
  readonly reason: string;
}

/** What it comes to: the state from then on, and an opinion where it has one. */
export interface Step<S> {
  readonly state: S;
  readonly opinion?: Opinion;
}

/**
 * A strategy whose whole memory of an instrument is one value: it can be written down between two bars, and whoever reads it goes
 * on with the next bar as if nothing had happened. A signal is named after strategy, instrument and bar, so that the same bar
 * gives the same signal wherever it is handled, and however often.
 */
export abstract class SignalStrategy<S> implements Strategy {
  readonly id: string;
  readonly instruments: readonly string[];
  readonly #signalTtlMs: number;
  readonly #states = new Map<string, S>();

  constructor(id: string, instruments: readonly string[], signalTtlMs: number) {
    this.id = id;
    this.instruments = instruments;
    this.#signalTtlMs = signalTtlMs;
  }

  /** What it knows before the first bar. */
  protected abstract readonly nothing: S;
  /** @throws for what is no state of this strategy */
  protected abstract read(saved: unknown): S;
  /** Pure: the same state and the same bar give the same step. */
  protected abstract step(state: S, bar: Bar): Step<S>;

  onMarket(_view: MarketView, _ctx: StrategyContext): void {
    // It goes by bars alone.
  }

  onBar(bar: Bar, ctx: StrategyContext): void {
    const { instrumentId, closeMs } = bar;
    const { state, opinion } = this.step(this.#states.get(instrumentId) ?? this.nothing, bar);
    this.#states.set(instrumentId, state);
    if (opinion === undefined) return;
    const { direction, confidence, reason } = opinion;
    ctx.signal({
      signalId: `${this.id}:${instrumentId}:${closeMs}`,
      ...{ instrumentId, direction, confidence, reasons: [reason] },
      expiresAtMs: closeMs + this.#signalTtlMs,
    });
  }

  /** What it knows of an instrument, as JSON. */
  save(instrumentId: string): JsonValue {
    return (this.#states.get(instrumentId) ?? this.nothing) as JsonValue;
  }

  /** Goes on from what was saved; from nothing where that is `undefined`. @throws for what it did not save */
  load(instrumentId: string, saved: unknown): void {
    this.#states.set(instrumentId, saved === undefined ? this.nothing : this.read(saved));
  }
}
