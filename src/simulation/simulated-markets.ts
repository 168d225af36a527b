import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { SeededRandom } from '../core/random.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import { type CorrelationMatrix, CorrelatedNormals, correlationMatrix } from './correlation.ts';
import { disturbed } from './disturbed-market.ts';
import { InstrumentPath } from './instrument-path.ts';
import { type InstrumentSizes, instrumentSizes } from './instrument-shape.ts';
import { ClimatePath } from './market-climate.ts';
import {
  type SimulatedMarketsOptions,
  type SimulatedMarketsSettings,
  simulatedMarketsSchema,
} from './simulated-markets-options.ts';

const DAY_MS = 86_400_000;

/**
 * Several instruments that a seed determines, whose returns correlate as asked: one regime and one crash for all, each with
 * a price, volatility, spread, depth and activity of its own, with opening hours, illiquid hours and disturbances. Each
 * instrument keeps the promises of {@link SimulatedMarket}, but for the snapshots with which its venue opens and for what
 * the disturbances say.
 *
 * One stream in the order of `receivedMs`; at the same time in the order of the instruments. Iterate it as often as you
 * like: the same seed and options give the same events, bit for bit. Outages, stuck and crossed quotes and drifting clocks
 * change what is heard, never the market: the events of the venue are those of {@link SimulatedMarkets.undisturbed}.
 */
export class SimulatedMarkets implements Iterable<MarketEvent> {
  /** In the order of the options. */
  readonly instruments: readonly Instrument[];
  /** The options with their defaults: with the instruments they say all about the events. */
  readonly settings: SimulatedMarketsSettings;
  /** The correlation of the returns of every pair, in the order of the instruments. */
  readonly correlation: CorrelationMatrix;
  readonly #sizes: readonly InstrumentSizes[];

  /**
   * @param deps the instruments that the options name, in any order
   * @throws {PortcullisError} `OPTION_INVALID`; `INSTRUMENT_UNKNOWN` for an instrument that is not handed over
   */
  constructor(options: SimulatedMarketsOptions, deps: { readonly instruments: readonly Instrument[] }) {
    this.settings = parseOptions('SimulatedMarkets', simulatedMarketsSchema, options);
    const { instruments, correlation } = this.settings;
    this.instruments = instruments.map(({ instrumentId }) => find(deps.instruments, instrumentId));
    this.correlation = correlationMatrix(correlation, instruments.length);
    this.#sizes = this.instruments.map((instrument, i) =>
      instrumentSizes(`SimulatedMarkets: instruments.${i}`, at(instruments, i), instrument),
    );
  }

  [Symbol.iterator](): Generator<MarketEvent, void, undefined> {
    return disturbed(this.undisturbed(), this.settings);
  }

  /** What happens at the venue, whatever we hear of it; gaps and illiquid times happen there. */
  *undisturbed(): Generator<MarketEvent, void, undefined> {
    const { settings } = this;
    const { startMs, stepMs } = settings;
    const root = new SeededRandom(settings.seed);
    const climate = new ClimatePath(settings, root.fork());
    const shocks = new CorrelatedNormals(this.correlation, root.fork());
    const paths = settings.instruments.map(
      (instrument, i) =>
        new InstrumentPath(instrument, settings, {
          sizes: at(this.#sizes, i),
          root: root.fork(),
          windows: settings,
        }),
    );
    const order = new Map(settings.instruments.map(({ instrumentId }, i) => [instrumentId, i]));
    const rank = ({ instrumentId }: MarketEvent): number => order.get(instrumentId) ?? NaN;
    const inOrder = (a: MarketEvent, b: MarketEvent): number =>
      a.receivedMs - b.receivedMs || rank(a) - rank(b);

    let waiting: MarketEvent[] = [];
    const steps = Math.floor((settings.days * DAY_MS) / stepMs);
    for (let step = 0; step <= steps; step += 1) {
      const endMs = startMs + step * stepMs;
      const weather = climate.step(endMs);
      const drawn = shocks.draw();
      for (const [i, path] of paths.entries()) {
        const shock = drawn[i] ?? NaN;
        waiting.push(...(step === 0 ? path.begin(endMs, weather, shock) : path.step(endMs, weather, shock)));
      }
      // Sorting is stable, so the events of one instrument stay in their order.
      waiting.sort(inOrder);
      // Whatever comes in later steps is received after this one has ended.
      const ready = waiting.findIndex(({ receivedMs }) => receivedMs > endMs);
      const told = ready < 0 ? waiting : waiting.slice(0, ready);
      waiting = ready < 0 ? [] : waiting.slice(ready);
      yield* told;
    }
    yield* waiting;
  }
}

function find(instruments: readonly Instrument[], instrumentId: string): Instrument {
  const found = instruments.find((instrument) => instrument.instrumentId === instrumentId);
  if (found !== undefined) return found;
  throw new PortcullisError(
    'INSTRUMENT_UNKNOWN',
    `SimulatedMarkets: instruments: expected ${instrumentId} among those handed over, got ${instruments.map((one) => one.instrumentId).join(', ') || 'none'}`,
  );
}

function at<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new RangeError(`expected a value at ${index}`);
  return value;
}
