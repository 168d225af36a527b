import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock, TradingDay, lots, ticks } from 'portcullis/core';
import { Journal } from 'portcullis/desk';
import { DataDirectory } from 'portcullis/storage';
import { Book, type MarketView, type OrderIntent, defineInstrument } from 'portcullis/trading';
import type { BenchResult } from '../result.ts';

export const SUITE = 'safety';
export const ACCOUNT = 'bench';

export const BTC = defineInstrument({
  instrumentId: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  tick: '0.01',
  step: '0.0001',
});
const MARK = 6_000_000;

export const result = (name: string, opsPerSec: number, p50Us: number, p99Us: number): BenchResult => ({
  suite: SUITE,
  name,
  opsPerSec,
  nsPerOp: 1e9 / opsPerSec,
  p50Us,
  p99Us,
  vs: {},
});

/** Runs with a directory that is gone afterwards. */
export async function inDirectory<T>(work: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'portcullis-bench-'));
  try {
    return await work(path);
  } finally {
    await rm(path, { recursive: true });
  }
}

/** A journal with snapshots in a directory, new or there already. */
export async function openJournal(path: string, { snapshots = true, checkpointEvery = 50_000 } = {}) {
  const clock = new SystemClock();
  const directory = await DataDirectory.open(path, { clock });
  const book = new Book();
  const journal = await Journal.open(
    {
      input: { bench: SUITE },
      accounts: [{ accountId: ACCOUNT, currency: 'USD', balance: '1000000000' }],
      checkpointEvery,
    },
    {
      // Small segments, so that a trimmed log is a short one.
      log: await directory.openLog('journal', { segmentBytes: 8 * 1024 * 1024 }),
      book,
      instruments: [BTC],
      clock,
      tradingDay: new TradingDay(),
      ...(snapshots && { snapshots: await directory.openSnapshots('journal') }),
    },
  );
  return { clock, directory, book, journal };
}

export const quote = (clock: SystemClock): MarketView => ({
  instrumentId: BTC.instrumentId,
  bids: [{ price: ticks(MARK - 1), quantity: lots(1_000_000) }],
  asks: [{ price: ticks(MARK + 1), quantity: lots(1_000_000) }],
  mark: ticks(MARK),
  recentVolume: lots(1_000_000_000),
  volumeWindowMs: 60_000,
  receivedMonotonicMs: clock.monotonicMs(),
  receivedMs: clock.nowMs(),
  problems: [],
});

export const intent = (intentId: string): OrderIntent => ({
  intentId,
  accountId: ACCOUNT,
  strategyId: SUITE,
  instrumentId: BTC.instrumentId,
  side: 'buy',
  quantity: '0.0123',
  price: { type: 'limit', limit: '59999.5' },
});
