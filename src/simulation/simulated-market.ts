import { parseOptions } from '../core/options.ts';
import { SeededRandom } from '../core/random.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import { type InstrumentSizes, instrumentSizes } from './instrument-shape.ts';
import { ClimatePath } from './market-climate.ts';
import { PricePath } from './price-path.ts';
import { SimulatedFeed } from './simulated-feed.ts';
import {
  type SimulatedMarketOptions,
  type SimulatedMarketSettings,
  simulatedMarketSchema,
} from './simulated-market-options.ts';

const DAY_MS = 86_400_000;

/**
 * A market that a seed determines: drift, volatility regimes, hours of activity, a book that breathes with volatility, and
 * one crash with a partial recovery. Iterate it as often as you like: the same seed and options give the same events, bit
 * for bit.
 *
 * First one snapshot, then in each step: trades against the book as it was, each printing at the touch or walking the
 * levels; one diff with what they took and where the quotes went; a quote when a best level changed. Update ids follow on
 * one another, `receivedMs` never decreases, the book is never crossed and never empty on a side.
 *
 * For several instruments, closing hours and disturbances see {@link SimulatedMarkets}.
 */
export class SimulatedMarket implements Iterable<MarketEvent> {
  readonly instrument: Instrument;
  /** The options with their defaults: with the instrument they say all about the events. */
  readonly settings: SimulatedMarketSettings;
  readonly #sizes: InstrumentSizes;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: SimulatedMarketOptions, deps: { readonly instrument: Instrument }) {
    this.instrument = deps.instrument;
    this.settings = parseOptions('SimulatedMarket', simulatedMarketSchema, options);
    this.#sizes = instrumentSizes('SimulatedMarket', this.settings, deps.instrument);
  }

  *[Symbol.iterator](): Generator<MarketEvent, void, undefined> {
    const { settings } = this;
    const { startMs, stepMs } = settings;
    const root = new SeededRandom(settings.seed);
    const random = root.fork();
    const climate = new ClimatePath(settings, random);
    const path = new PricePath(settings, this.#sizes.startTicks, random);
    const feed = new SimulatedFeed(
      { ...settings, instrumentId: this.instrument.instrumentId },
      this.#sizes,
      root,
    );

    yield feed.snapshot(startMs, path.step(climate.step(startMs), random.normal()));
    const steps = Math.floor((settings.days * DAY_MS) / stepMs);
    for (let step = 1; step <= steps; step += 1) {
      const atMs = feed.moment(startMs + step * stepMs);
      yield* feed.step(atMs, path.step(climate.step(atMs), random.normal()));
    }
  }
}
