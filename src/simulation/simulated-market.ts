import { PortcullisError } from '../core/errors.ts';
import { type Increment, toGrid } from '../core/increment.ts';
import { parseOptions } from '../core/options.ts';
import { SeededRandom } from '../core/random.ts';
import { type Lots, lots } from '../core/units.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import type { Level } from '../trading/market-view.ts';
import { PricePath } from './price-path.ts';
import { SimulatedBook, type SimulatedBookOptions } from './simulated-book.ts';
import {
  type SimulatedMarketOptions,
  type SimulatedMarketSettings,
  simulatedMarketSchema,
} from './simulated-market-options.ts';

const DAY_MS = 86_400_000;
const BPS = 10_000;
const MOST_LOTS = 2 ** 40;

/**
 * A market that a seed determines: drift, volatility regimes, hours of activity, a book that breathes with volatility, and
 * one crash with a partial recovery. Iterate it as often as you like: the same seed and options give the same events, bit
 * for bit.
 *
 * First one snapshot, then in each step: trades against the book as it was, each printing at the touch or walking the
 * levels; one diff with what they took and where the quotes went; a quote when a best level changed. Update ids follow on
 * one another, `receivedMs` never decreases, the book is never crossed and never empty on a side.
 */
export class SimulatedMarket implements Iterable<MarketEvent> {
  readonly instrument: Instrument;
  /** The options with their defaults: with the instrument they say all about the events. */
  readonly settings: SimulatedMarketSettings;
  readonly #startTicks: number;
  readonly #levelLots: number;
  readonly #tradeLots: number;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: SimulatedMarketOptions, deps: { readonly instrument: Instrument }) {
    this.instrument = deps.instrument;
    this.settings = parseOptions('SimulatedMarket', simulatedMarketSchema, options);
    const { grid } = deps.instrument;
    this.#startTicks = this.#onGrid('startPrice', grid.tick);
    this.#levelLots = this.#onGrid('levelQuantity', grid.step);
    this.#tradeLots = this.#onGrid('tradeQuantity', grid.step);
  }

  *[Symbol.iterator](): Generator<MarketEvent, void, undefined> {
    const { settings } = this;
    const { instrumentId } = this.instrument;
    const root = new SeededRandom(settings.seed);
    const path = new PricePath(settings, this.#startTicks, root.fork());
    const book = new SimulatedBook(this.#bookOptions(), root.fork());
    const random = root.fork();
    const clock = new FeedClock(settings.latencyMs, root.fork());

    let updateId = 1;
    let tradeId = 0;
    book.requote(path.step(settings.startMs));
    yield {
      type: 'snapshot',
      instrumentId,
      ...clock.at(settings.startMs),
      updateId,
      bids: book.side('bids'),
      asks: book.side('asks'),
    };

    const steps = Math.floor((settings.days * DAY_MS) / settings.stepMs);
    for (let step = 1; step <= steps; step += 1) {
      const exchangeMs = settings.startMs + step * settings.stepMs - random.integer(0, settings.stepMs - 1);
      const mood = path.step(exchangeMs);
      const [bid, ask] = [book.best('bids'), book.best('asks')];
      const takers = poisson(settings.tradesPerStep * mood.activity, random);
      for (let taker = 0; taker < takers; taker += 1) {
        const aggressor = random.next() < mood.buying ? 'buy' : 'sell';
        for (const print of book.take(aggressor, this.#tradeSize(random))) {
          tradeId += 1;
          yield { type: 'trade', instrumentId, ...clock.at(exchangeMs), tradeId, ...print, aggressor };
        }
      }
      const { bids, asks } = book.requote(mood);
      if (bids.length + asks.length === 0) continue;
      const firstUpdateId = updateId + 1;
      updateId += bids.length + asks.length;
      yield { type: 'diff', instrumentId, ...clock.at(exchangeMs), firstUpdateId, updateId, bids, asks };
      const [newBid, newAsk] = [book.best('bids'), book.best('asks')];
      if (newBid === undefined || newAsk === undefined || (same(bid, newBid) && same(ask, newAsk))) continue;
      yield { type: 'quote', instrumentId, ...clock.at(exchangeMs), updateId, bid: newBid, ask: newAsk };
    }
  }

  #bookOptions(): SimulatedBookOptions {
    const { levels, spreadBps } = this.settings;
    const spreadFraction = spreadBps / BPS;
    // Half a spread from level to level, so that the usual spread is one or two of them.
    const gap = Math.max(1, Math.round((this.#startTicks * spreadFraction) / 2));
    return { spreadFraction, gap, levels, levelLots: this.#levelLots };
  }

  /** Many small trades and a few large ones, `tradeQuantity` on average. */
  #tradeSize(random: SeededRandom): Lots {
    const drawn = Math.round(this.#tradeLots * Math.exp(random.normal() - 0.5));
    return lots(Math.min(MOST_LOTS, Math.max(1, drawn)));
  }

  #onGrid(field: 'startPrice' | 'levelQuantity' | 'tradeQuantity', grid: Increment): number {
    const text = this.settings[field];
    const count = toGrid(text, grid, 'exact');
    if (count > 0) return count;
    throw new PortcullisError(
      'OPTION_INVALID',
      `SimulatedMarket: ${field}: expected a positive multiple of ${grid.value.toFixed()}, got ${text}`,
    );
  }
}

/** Stamps events: when they happened, and when we heard of it, which never goes back. */
class FeedClock {
  readonly #latencyMs: number;
  readonly #random: SeededRandom;
  #receivedMs = -Infinity;

  constructor(latencyMs: number, random: SeededRandom) {
    this.#latencyMs = latencyMs;
    this.#random = random;
  }

  at(exchangeMs: number): { readonly exchangeMs: number; readonly receivedMs: number } {
    const delayMs = Math.round(this.#latencyMs * (0.5 - 0.5 * Math.log(1 - this.#random.next())));
    this.#receivedMs = Math.max(this.#receivedMs, exchangeMs + delayMs);
    return { exchangeMs, receivedMs: this.#receivedMs };
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
