import { type JournalOptions } from 'portcullis/desk';
import { type ExecutionLimitsInput } from 'portcullis/execution';
import { type DataQualityOptions, Recording } from 'portcullis/market-data';
import { type RiskLimitsInput } from 'portcullis/risk';
import { SimulatedMarket, type SimulatedMarketOptions } from 'portcullis/simulation';
import { type Instrument, type MarketEvent, defineInstrument } from 'portcullis/trading';

/** A market and the limits under which it is traded. */
export interface Scenario {
  readonly title: string;
  readonly instrument: Instrument;
  readonly startMs: number;
  /** For the first record of the journal: what makes this run what it is. */
  readonly input: JournalOptions['input'];
  readonly balance: string;
  readonly clip: string;
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

const BATCH = 1_000;

/** Some days of a simulated market with a crash in it. */
export function simulation(
  options: Pick<SimulatedMarketOptions, 'seed' | 'days' | 'startMs' | 'stepMs'>,
): Scenario {
  const instrument = defineInstrument({
    instrumentId: 'BTC-USD',
    base: 'BTC',
    quote: 'USD',
    tick: '0.01',
    step: '0.0001',
    minQuantity: '0.001',
    minNotional: '10',
  });
  const market = new SimulatedMarket(options, { instrument });
  return {
    title: `a simulated market, seed ${market.settings.seed}, ${market.settings.days} days`,
    instrument,
    startMs: market.settings.startMs,
    input: { kind: 'simulation', settings: market.settings },
    balance: '100000',
    clip: '0.2',
    barMs: 60_000,
    risk: {
      maxDailyLoss: '9000',
      maxDrawdownFraction: 0.1,
      maxPositions: 5,
      maxPositionNotional: '95000',
      maxTotalExposure: '72000',
      maxClusterExposure: '95000',
    },
    execution: { spreadBps: { entry: 15 }, volumeFraction: { entry: 0.2 }, slippage: { perDay: '500' } },
    quality: { staleAfterMs: 30_000, maxJumpBps: 200 },
    tripAtDrawdownFraction: 0.05,
    equityEveryMs: 15 * 60_000,
    reconcileEveryMs: 60 * 60_000,
    progressEveryMs: 6 * 3_600_000,
    *batches() {
      let batch: MarketEvent[] = [];
      for (const event of market) {
        batch.push(event);
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      yield batch;
    },
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
    instrument,
    startMs: recording.firstReceivedMs,
    input: { kind: 'recording', sha256: recording.sha256, messages: recording.messages },
    balance: '100000',
    clip: '0.05',
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
