import { type JournalOptions } from 'portcullis/desk';
import { type ExecutionLimitsInput } from 'portcullis/execution';
import { type DataQualityOptions, Recording } from 'portcullis/market-data';
import { type RiskLimitsInput } from 'portcullis/risk';
import { SimulatedMarkets, type SimulatedMarketsOptions } from 'portcullis/simulation';
import { type Instrument, type MarketEvent, defineInstrument } from 'portcullis/trading';
import { type StrategyPlan } from './strategy-plan.ts';

/** A market, the strategies that trade it on one account, and their limits. */
export interface Scenario {
  readonly title: string;
  /** How a market was made of what was recorded, where it was. */
  readonly model?: string;
  readonly instruments: readonly Instrument[];
  /** Of the account: what every instrument is quoted in. */
  readonly currency: string;
  readonly startMs: number;
  /** For the first record of the journal: what makes this run what it is. */
  readonly input: JournalOptions['input'];
  readonly balance: string;
  readonly strategies: readonly StrategyPlan[];
  readonly barMs: number;
  readonly risk: RiskLimitsInput;
  readonly execution: ExecutionLimitsInput;
  readonly quality: DataQualityOptions;
  readonly tripAtDrawdownFraction: number;
  readonly equityEveryMs: number;
  /** How often the books are compared with the venue's. */
  readonly reconcileEveryMs: number;
  readonly progressEveryMs: number;
  batches(): AsyncIterable<readonly MarketEvent[]> | Iterable<readonly MarketEvent[]>;
}

/** Few, so that what has been dealt with is garbage before it is old. */
const BATCH = 200;

/** Prices, books and trades of the simulated instruments: what they cost, how much of them is there, and how they move. */
const SIMULATED = [
  { base: 'BTC', tick: '0.01', step: '0.0001', startPrice: '50000', volatility: 0.03, loading: 0.9, unit: 1 },
  {
    base: 'ETH',
    tick: '0.01',
    step: '0.001',
    startPrice: '2500',
    volatility: 0.035,
    loading: 0.85,
    unit: 20,
  },
  {
    base: 'SOL',
    tick: '0.001',
    step: '0.01',
    startPrice: '100',
    volatility: 0.045,
    loading: 0.75,
    unit: 500,
  },
  { base: 'LTC', tick: '0.001', step: '0.01', startPrice: '80', volatility: 0.04, loading: 0.6, unit: 625 },
] as const;

/** Some days of a simulated market of instruments that move together, with a crash in it; two strategies on one account. */
export function simulation(
  options: Pick<SimulatedMarketsOptions, 'seed' | 'days' | 'startMs' | 'stepMs'>,
): Scenario {
  const instruments = SIMULATED.map(({ base, tick, step }) =>
    defineInstrument({ instrumentId: `${base}-USD`, base, quote: 'USD', tick, step, minNotional: '10' }),
  );
  const market = new SimulatedMarkets(
    {
      stepMs: 10_000,
      ...options,
      instruments: SIMULATED.map(({ base, startPrice, volatility, unit }) => ({
        instrumentId: `${base}-USD`,
        startPrice,
        dailyVolatilityFraction: volatility,
        levelQuantity: String(2 * unit),
        tradeQuantity: String(0.3 * unit),
        tradesPerStep: 1,
      })),
      correlation: { kind: 'factor', loadings: SIMULATED.map(({ loading }) => loading) },
    },
    { instruments },
  );
  const { seed, days, startMs } = market.settings;
  return {
    title: `a simulated market, seed ${seed}, ${days} days`,
    instruments,
    currency: 'USD',
    startMs,
    input: { kind: 'simulation', settings: written(market.settings) },
    balance: '100000',
    strategies: [
      { kind: 'band-reversion', clips: { 'BTC-USD': '0.07', 'ETH-USD': '1.4', 'SOL-USD': '30' } },
      { kind: 'channel-breakout', clips: { 'SOL-USD': '150', 'LTC-USD': '200' } },
    ],
    barMs: 60_000,
    risk: {
      maxDailyLoss: '6000',
      maxDrawdownFraction: 0.075,
      maxPositions: 4,
      maxPositionNotional: '30000',
      maxTotalExposure: '55000',
      maxClusterExposure: '45000',
    },
    execution: { spreadBps: { entry: 15 }, volumeFraction: { entry: 0.2 }, slippage: { perDay: '500' } },
    quality: { staleAfterMs: 30_000, maxJumpBps: 200 },
    tripAtDrawdownFraction: 0.05,
    equityEveryMs: 15 * 60_000,
    reconcileEveryMs: 60 * 60_000,
    progressEveryMs: 6 * 3_600_000,
    batches: () => batched(market),
  };
}

/** A recorded Binance stream. Every message is checked before the first one is traded on. */
export async function recorded(file: string, { verify = true } = {}): Promise<Scenario> {
  const instrument = defineInstrument({
    instrumentId: 'BTCUSDT',
    base: 'BTC',
    quote: 'USDT',
    tick: '0.01',
    step: '0.00001',
    minQuantity: '0.00001',
    minNotional: '5',
  });
  const recording = await Recording.open(file, { instruments: [instrument] });
  if (verify) await recording.verify();
  return {
    title: `the recording ${file}, ${recording.messages.toLocaleString('en')} messages`,
    instruments: [instrument],
    currency: instrument.quote,
    startMs: recording.firstReceivedMs,
    input: { kind: 'recording', sha256: recording.sha256, messages: recording.messages },
    balance: '100000',
    strategies: [{ kind: 'band-reversion', clips: { [instrument.instrumentId]: '0.05' } }],
    barMs: 1_000,
    risk: {
      maxDailyLoss: '2000',
      maxDrawdownFraction: 0.05,
      maxPositions: 5,
      maxPositionNotional: '25000',
      maxTotalExposure: '20000',
      maxClusterExposure: '25000',
    },
    execution: { spreadBps: { entry: 1 }, volumeFraction: { entry: 0.02 } },
    quality: {},
    tripAtDrawdownFraction: 0.02,
    equityEveryMs: 1_000,
    reconcileEveryMs: 60_000,
    progressEveryMs: 60_000,
    batches: () => recording.batches(),
  };
}

/** Events in portions, so that the disk and signals have their say in between. */
export function* batched(events: Iterable<MarketEvent>): Generator<readonly MarketEvent[]> {
  let batch: MarketEvent[] = [];
  for (const event of events) {
    batch.push(event);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** Settings as a journal takes them: without what is not there. */
export const written = (settings: object): Input => JSON.parse(JSON.stringify(settings)) as Input;

type Input = NonNullable<JournalOptions['input']>[string];
