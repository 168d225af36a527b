import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { exactMoney, lots, toText } from 'portcullis/core';
import { BarMarket, type GridBar, barsFromCsv } from 'portcullis/simulation';
import { type Instrument, defineInstrument } from 'portcullis/trading';
import { type Scenario, batched, written } from './scenario.ts';

export interface BarFile {
  readonly file: string;
  /** Plain decimals. */
  readonly tick: string;
  readonly step: string;
}

const BAR_MS = 60_000;
const BALANCE = 10_000;
/** Bought at a signal: a part of the mean volume of a bar, and of the balance at most. */
const CLIP_OF_VOLUME = 0.2;
const CLIP_OF_BALANCE = 0.05;
const SMALLEST_ORDER = 10;
const QUOTES = ['USDT', 'USDC', 'USD', 'EUR', 'BTC'];

/**
 * Bars of one minute from a CSV file, played as a market under a declared model of spread and depth, with both strategies
 * on the one instrument. Every line is read before the first one is traded on.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE`; `INPUT_INVALID` naming line and field
 */
export async function barScenario({ file, tick, step }: BarFile): Promise<Scenario> {
  const instrument = defineInstrument({
    ...named(file),
    tick,
    step,
    minNotional: String(SMALLEST_ORDER),
  });
  const bars = await barsFromCsv(file, { instrument, intervalMs: BAR_MS, gaps: 'keep' });
  const market = new BarMarket({ intervalMs: BAR_MS, halfSpreadBps: 2 }, { instrument, bars });
  const sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  const { instrumentId } = instrument;
  const clip = clipFor(bars, instrument);
  return {
    title: `the bars of ${file}`,
    model: market.describe(),
    instruments: [instrument],
    currency: instrument.quote,
    startMs: market.startMs,
    input: { kind: 'bars', sha256, settings: written(market.settings) },
    balance: String(BALANCE),
    strategies: [
      { kind: 'band-reversion', clips: { [instrumentId]: clip } },
      { kind: 'channel-breakout', clips: { [instrumentId]: clip } },
    ],
    barMs: BAR_MS,
    risk: {
      maxDailyLoss: String(BALANCE * 0.02),
      maxDrawdownFraction: 0.05,
      maxPositions: 1,
      maxPositionNotional: String(BALANCE * 0.3),
      maxTotalExposure: String(BALANCE * 0.25),
      maxClusterExposure: String(BALANCE * 0.3),
    },
    execution: { spreadBps: { entry: 15 }, volumeFraction: { entry: 0.5 } },
    quality: { staleAfterMs: 30_000, maxJumpBps: 200 },
    tripAtDrawdownFraction: 0.02,
    equityEveryMs: 15 * 60_000,
    reconcileEveryMs: 60 * 60_000,
    progressEveryMs: 24 * 3_600_000,
    batches: () => batched(market),
  };
}

/** The instrument that the name of the file speaks of, such as `dashusdt` in `binance-dashusdt-1m.csv`. */
function named(file: string): {
  readonly instrumentId: string;
  readonly base: string;
  readonly quote: string;
} {
  for (const word of basename(file)
    .toUpperCase()
    .split(/[^A-Z0-9]+/)) {
    const quote = QUOTES.find((one) => word.endsWith(one) && word.length > one.length);
    if (quote !== undefined) return { instrumentId: word, base: word.slice(0, -quote.length), quote };
  }
  return { instrumentId: 'BARS', base: 'ASSET', quote: 'USD' };
}

/** On the step, and never below the smallest order. */
function clipFor(bars: readonly GridBar[], { grid }: Instrument): string {
  const [first] = bars;
  if (first === undefined) throw new Error('no bars');
  const priceOfLot = Number(exactMoney(grid, lots(1), grid.tick.value.times(String(first.open))).toFixed());
  const volume = bars.reduce((sum, bar) => sum + bar.volume, 0) / bars.length;
  const wanted = Math.min(volume * CLIP_OF_VOLUME, (BALANCE * CLIP_OF_BALANCE) / priceOfLot);
  const least = (2 * SMALLEST_ORDER) / priceOfLot;
  return toText(Math.ceil(Math.max(wanted, least)), grid.step);
}
