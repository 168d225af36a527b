import type { SeededRandom } from '../core/random.ts';
import { type Lots, lots } from '../core/units.ts';
import type { BookSnapshot, MarketEvent } from '../trading/market-event.ts';
import type { Level } from '../trading/market-view.ts';
import { FeedClock } from './feed-clock.ts';
import type { InstrumentSizes } from './instrument-shape.ts';
import type { MarketMood } from './price-path.ts';
import { type BookChanges, SimulatedBook } from './simulated-book.ts';

const BPS = 10_000;
const MOST_LOTS = 2 ** 40;

export interface SimulatedFeedOptions {
  readonly instrumentId: string;
  readonly stepMs: number;
  readonly spreadBps: number;
  readonly levels: number;
  readonly tradesPerStep: number;
  readonly latencyMs: number;
}

/** One instrument as its venue tells it: makes the events of each step from the mood of the market. */
export class SimulatedFeed {
  readonly #options: SimulatedFeedOptions;
  readonly #tradeLots: number;
  readonly #book: SimulatedBook;
  readonly #random: SeededRandom;
  readonly #clock: FeedClock;
  #updateId = 0;
  #tradeId = 0;

  /** @param root gives three sources: of the book, of takers and times, of delays */
  constructor(options: SimulatedFeedOptions, sizes: InstrumentSizes, root: SeededRandom) {
    const { spreadBps, levels, latencyMs } = options;
    const spreadFraction = spreadBps / BPS;
    // Half a spread from level to level, so that the usual spread is one or two of them.
    const gap = Math.max(1, Math.round((sizes.startTicks * spreadFraction) / 2));
    this.#options = options;
    this.#tradeLots = sizes.tradeLots;
    this.#book = new SimulatedBook({ spreadFraction, gap, levels, levelLots: sizes.levelLots }, root.fork());
    this.#random = root.fork();
    this.#clock = new FeedClock(latencyMs, root.fork());
  }

  /** The moment at which something happens in the step that ends at `endMs`. */
  moment(endMs: number): number {
    return endMs - this.#random.integer(0, this.#options.stepMs - 1);
  }

  /** The whole book, requoted: how a feed begins, and how a venue opens. */
  snapshot(atMs: number, mood: MarketMood): BookSnapshot {
    const { bids, asks } = this.#book.requote(mood);
    this.#updateId += this.#updateId === 0 ? 1 : Math.max(1, bids.length + asks.length);
    return {
      type: 'snapshot',
      instrumentId: this.#options.instrumentId,
      ...this.#clock.at(atMs),
      updateId: this.#updateId,
      bids: this.#book.side('bids'),
      asks: this.#book.side('asks'),
    };
  }

  /** Trades against the book as it was, one diff of what they took and of where the quotes went, a quote. */
  step(atMs: number, mood: MarketMood): readonly MarketEvent[] {
    const book = this.#book;
    const [bid, ask] = [book.best('bids'), book.best('asks')];
    const events = this.#trades(atMs, mood);
    const changes = book.requote(mood);
    if (changes.bids.length + changes.asks.length === 0) return events;
    events.push(this.#diff(atMs, changes));
    const [newBid, newAsk] = [book.best('bids'), book.best('asks')];
    if (newBid === undefined || newAsk === undefined || (same(bid, newBid) && same(ask, newAsk)))
      return events;
    const { instrumentId } = this.#options;
    const updateId = this.#updateId;
    events.push({
      type: 'quote',
      instrumentId,
      ...this.#clock.at(atMs),
      updateId,
      bid: newBid,
      ask: newAsk,
    });
    return events;
  }

  #trades(atMs: number, mood: MarketMood): MarketEvent[] {
    const { instrumentId, tradesPerStep } = this.#options;
    const random = this.#random;
    const events: MarketEvent[] = [];
    const takers = poisson(tradesPerStep * mood.activity, random);
    for (let taker = 0; taker < takers; taker += 1) {
      const aggressor = random.next() < mood.buying ? 'buy' : 'sell';
      for (const print of this.#book.take(aggressor, this.#tradeSize())) {
        this.#tradeId += 1;
        const tradeId = this.#tradeId;
        events.push({
          type: 'trade',
          instrumentId,
          ...this.#clock.at(atMs),
          tradeId,
          ...print,
          aggressor,
        });
      }
    }
    return events;
  }

  #diff(atMs: number, changes: BookChanges): MarketEvent {
    const { instrumentId } = this.#options;
    const firstUpdateId = this.#updateId + 1;
    this.#updateId += changes.bids.length + changes.asks.length;
    const updateId = this.#updateId;
    return { type: 'diff', instrumentId, ...this.#clock.at(atMs), firstUpdateId, updateId, ...changes };
  }

  /** Many small trades and a few large ones, `tradeLots` on average. */
  #tradeSize(): Lots {
    const drawn = Math.round(this.#tradeLots * Math.exp(this.#random.normal() - 0.5));
    return lots(Math.min(MOST_LOTS, Math.max(1, drawn)));
  }
}

/** Knuth's method; for the small means that occur here. */
function poisson(mean: number, random: SeededRandom): number {
  const floor = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > floor; product *= random.next()) count += 1;
  return count;
}

const same = (a: Level | undefined, b: Level): boolean => a?.price === b.price && a.quantity === b.quantity;
