import { spawnSync } from 'node:child_process';
import { decimal, lots, SystemClock, ticks, units } from 'portcullis/core';
import type { HeldOrder } from 'portcullis/trading';
import { type BenchResult, quantile } from '../result.ts';
import { ACCOUNT, BTC, SUITE, inDirectory, intent, openJournal, quote, result } from './safety-world.ts';

const ORDERS = 100_000;
const RESTARTS = 5;

/** Restarts as processes of their own, over what a run has left that was killed just before its next checkpoint. */
export async function recovery(): Promise<BenchResult[]> {
  const run = (name: string, snapshots: boolean) =>
    inDirectory(async (path) => {
      await trade(path, snapshots);
      const rounds = Array.from({ length: RESTARTS }, () => restart(path));
      const us = Float64Array.from(rounds, ({ tookMs }) => tookMs * 1_000);
      const { orders = 0, records = 0 } = rounds[0] ?? {};
      console.log(`  ${name}: ${orders} orders in memory, ${records} records read`);
      return result(name, 1e6 / quantile(us, 0.5), quantile(us, 0.5), quantile(us, 0.99));
    });
  return [await run('recovery-100k', true), await run('recovery-100k-bare', false)];
}

/** 100,000 orders that are accepted, and then filled or cancelled. */
async function trade(path: string, snapshots: boolean): Promise<void> {
  // Five checkpoints, and the sixth is due a few records after the end.
  const { directory, book, journal } = await openJournal(path, { snapshots, checkpointEvery: 50_001 });
  const fee = { amount: decimal('0.0123'), currency: 'USD' };
  const stamp = { limitsHash: '0'.repeat(64), dayOpen: units(1e15), highWater: units(1e15 + 500_000) };
  for (let at = 0; at < ORDERS; at += 1) {
    const order = held(at);
    const about = { clientOrderId: order.clientOrderId, atMs: 1_767_355_200_000 + at };
    book.hold(order);
    book.keep(order);
    void journal.submitting(order, stamp);
    const fill = {
      executionId: `execution-${at}`,
      quantity: order.qty,
      price: decimal('59999.51'),
      fee,
      liquidity: 'maker' as const,
    };
    const end =
      at % 2 === 0
        ? ({ type: 'filled', ...about, fill } as const)
        : ({ type: 'cancelled', ...about, cumulative: lots(0) } as const);
    for (const event of [{ type: 'accepted', ...about, venueOrderId: `venue-${at}` } as const, end]) {
      book.apply(event);
      const written = journal.event(event, BTC);
      if (at % 256 === 255) await written;
    }
  }
  await directory.close();
}

function held(at: number): HeldOrder {
  const side = at % 4 === 0 ? 'buy' : 'sell';
  const asked = { ...intent(`intent-${at}`), side } as const;
  return {
    intent: asked,
    clientOrderId: at.toString(16).padStart(32, '0'),
    instrument: BTC,
    accountId: ACCOUNT,
    strategyId: SUITE,
    side,
    type: 'limit',
    qty: lots(123),
    worst: ticks(5_999_950),
    reduceOnly: false,
    isExit: false,
    postOnly: true,
    timeInForce: 'GTC',
    view: quote(new SystemClock()),
    decidedMonotonicMs: 0,
  };
}

interface Restarted {
  /** From the start of the process. */
  readonly tookMs: number;
  readonly orders: number;
  readonly records: number;
}

function restart(path: string): Restarted {
  const child = spawnSync(process.execPath, [import.meta.filename, path], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(`the restart failed: ${child.stderr}`);
  return JSON.parse(child.stdout) as Restarted;
}

if (import.meta.main) {
  const { directory, book, journal } = await openJournal(process.argv[2] ?? '');
  const { records } = journal.recovered;
  const tookMs = performance.now();
  console.log(JSON.stringify({ tookMs, orders: [...book.orders()].length, records } satisfies Restarted));
  await directory.close();
}
