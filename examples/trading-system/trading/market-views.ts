import { type Clock, toGrid } from 'portcullis/core';
import { type EventBus, QUOTE_UPDATED, type QuoteUpdated, type Replay } from 'portcullis/events';
import {
  type BookSnapshot,
  type DataProblem,
  type Instrument,
  type Level,
  type MarketView,
  midMark,
} from 'portcullis/trading';
import { lots } from 'portcullis/core';

/** A market view as the desk takes it, and the same as a venue on paper does. */
export interface SeenMarket {
  readonly view: MarketView;
  readonly book: BookSnapshot;
}

export interface MarketViewsDeps {
  readonly bus: Pick<EventBus, 'replay'>;
  readonly clock: Clock;
  readonly instruments: readonly Instrument[];
}

const AGAIN_MS = 100;

/**
 * Follows the quotes of the bus, also where no desk is open yet, so that one that opens finds the market as it is. A quote is as
 * old as it was received by whoever told it: one that the bus kept back is no fresh price.
 */
export class MarketViews implements AsyncDisposable {
  readonly #deps: MarketViewsDeps;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #last = new Map<string, SeenMarket>();
  readonly #listeners = new Set<(seen: SeenMarket) => void>();
  readonly #over = new AbortController();
  #replay: Replay | undefined;
  #running: Promise<void> = Promise.resolve();
  #updateId = 0;

  constructor(deps: MarketViewsDeps) {
    this.#deps = deps;
    this.#instruments = new Map(deps.instruments.map((one) => [one.instrumentId, one]));
  }

  /** Resolves once quotes are followed. */
  async start(): Promise<void> {
    const replay = this.#follow();
    await replay.ready;
    this.#running = this.#goOn(replay);
  }

  /** The last of each instrument. */
  last(): readonly SeenMarket[] {
    return [...this.#last.values()];
  }

  onSeen(listener: (seen: SeenMarket) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#replay?.stop(1_000);
    await this.#running;
  }

  #follow(): Replay {
    const handle = ({ data }: { readonly data: QuoteUpdated }): void => {
      this.#take(data);
    };
    this.#replay = this.#deps.bus.replay([QUOTE_UPDATED], handle, { from: 'new', follow: true });
    return this.#replay;
  }

  /** One that ends, as it did not keep up or the bus has forgotten it, is begun again: the last quote counts, not all of them. */
  async #goOn(first: Replay): Promise<void> {
    const { signal } = this.#over;
    for (let replay = first; ; replay = this.#follow()) {
      await replay.done.catch(() => undefined);
      if (signal.aborted) return;
      await this.#deps.clock.sleep(AGAIN_MS, signal).catch(() => undefined);
      if (isOver(signal)) return;
    }
  }

  #take(quote: QuoteUpdated): void {
    const instrument = this.#instruments.get(quote.instrumentId);
    if (instrument === undefined) return;
    const before = this.#last.get(quote.instrumentId);
    if (before !== undefined && quote.receivedMs < before.view.receivedMs) return;
    const seen = this.#seen(quote, instrument);
    this.#last.set(quote.instrumentId, seen);
    for (const listener of this.#listeners) listener(seen);
  }

  #seen(quote: QuoteUpdated, instrument: Instrument): SeenMarket {
    const { clock } = this.#deps;
    const { instrumentId, receivedMs } = quote;
    const ageMs = Math.max(0, clock.nowMs() - receivedMs);
    const receivedMonotonicMs = clock.monotonicMs() - ageMs;
    const [bids, asks] = [levels(quote.bid, instrument), levels(quote.ask, instrument)];
    this.#updateId += 1;
    const common = { instrumentId, receivedMs, receivedMonotonicMs, bids, asks };
    return {
      view: {
        ...common,
        mark: midMark(bids[0], asks[0]),
        ...{ recentVolume: lots(0), volumeWindowMs: 60_000 },
        problems: quote.isGood ? [] : [notGood(instrumentId)],
      },
      book: { type: 'snapshot', updateId: this.#updateId, ...common },
    };
  }
}

/** Read anew: it changes while one waits. */
const isOver = (signal: AbortSignal): boolean => signal.aborted;

/** Empty where nobody is, and where what is said does not stand on the grid. */
function levels(
  level: { readonly price: string; readonly quantity: string } | undefined,
  { grid }: Instrument,
): readonly Level[] {
  if (level === undefined) return [];
  const price = toGrid(level.price, grid.tick, 'exact');
  const quantity = toGrid(level.quantity, grid.step, 'exact');
  return price > 0 && quantity > 0 ? [{ price, quantity } as Level] : [];
}

const notGood = (instrumentId: string): DataProblem => ({
  code: 'STALE',
  instrumentId,
  blocking: true,
  note: 'the market-data service says that it is not good',
});
