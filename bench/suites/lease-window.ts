import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock, TradingDay, lots, ticks } from 'portcullis/core';
import { Journal, OrderDesk, Venue } from 'portcullis/desk';
import { ExecutionPolicy } from 'portcullis/execution';
import { KillSwitch, RiskGuard } from 'portcullis/risk';
import { MemoryAppendLog, MemoryStateStore, type Tenure } from 'portcullis/storage';
import { Book, defineInstrument } from 'portcullis/trading';
import { ToyExchangeDriver } from '../../examples/toy-exchange/driver/toy-exchange-driver.ts';
import { type RunningExchange, startToyExchange } from '../../examples/toy-exchange/start.ts';
import { type BenchResult, type Suite, quantile } from '../result.ts';

const SUITE = 'lease-window';
const WARM_UP = 300;
const ORDERS = 2_000;
/** As undici, which is what `fetch` is of, tells that it has made up a request. */
const CHANNEL = 'undici:client:sendHeaders';

const GOLD = defineInstrument({ instrumentId: 'GOLD', base: 'XAU', quote: 'USDT', tick: '1', step: '1' });
const ACCOUNT = { accountId: 'acc', key: 'key-of-acc', secret: 'secret-of-acc' };
const PLENTY = { burst: 1_000_000, perSecond: 1_000_000 };

/**
 * From the last look at the lease, in the tick of the send, to when the socket has taken the bytes of the order: a process that is
 * stopped in there sends after it has lost its lease. An exchange on loopback, one order at a time over warm connections.
 */
export const leaseWindow: Suite = {
  name: SUITE,
  async run() {
    const dataDir = await mkdtemp(join(tmpdir(), 'portcullis-bench-'));
    const exchange = await startToyExchange({
      dataDir,
      config: {
        instruments: [
          {
            symbol: 'GOLD',
            base: 'XAU',
            quote: 'USDT',
            tick: '1',
            step: '1',
            minQuantity: '1',
            startPrice: '100',
          },
        ],
        accounts: [{ ...ACCOUNT, balances: { USDT: '1000000' } }],
        limits: { orders: PLENTY, questions: PLENTY },
      },
    });
    try {
      await exchange.market({ symbol: 'GOLD', bids: [], asks: [] });
      return [await windowAt(exchange)];
    } finally {
      await exchange.kill();
      await rm(dataDir, { recursive: true });
    }
  },
};

async function windowAt(exchange: RunningExchange): Promise<BenchResult> {
  const clock = new SystemClock();
  const driver = new ToyExchangeDriver({ url: exchange.url, accounts: [ACCOUNT] }, { clock });
  let lookedNs = 0n;
  let leavingNs = 0n;
  // Somebody else may look while the request is made up.
  const place = driver.place.bind(driver);
  driver.place = (order, signal) => {
    leavingNs = lookedNs;
    return place(order, signal);
  };
  const tenure: Tenure = {
    token: 1,
    isHeld() {
      lookedNs = process.hrtime.bigint();
      return true;
    },
  };
  const windows: bigint[] = [];
  const handedOver = onHandedOver(() => windows.push(process.hrtime.bigint() - leavingNs));
  try {
    const { desk, quote } = await openDesk(driver, tenure, clock);
    await desk.start();
    for (let i = 0; i < WARM_UP + ORDERS; i += 1) {
      quote();
      const outcome = await desk.submit({
        intentId: `order-${i}`,
        accountId: ACCOUNT.accountId,
        strategyId: SUITE,
        instrumentId: GOLD.instrumentId,
        side: 'buy',
        quantity: '1',
        // Finds nobody, and is over at once.
        price: { type: 'limit', limit: '99', postOnly: false, timeInForce: 'IOC' },
      });
      if (outcome.kind !== 'accepted') throw new Error(`order ${i}: ${JSON.stringify(outcome)}`);
    }
    await desk.stop();
  } finally {
    handedOver[Symbol.dispose]();
    await driver.close();
  }
  if (windows.length !== WARM_UP + ORDERS) throw new Error(`${windows.length} orders were seen to leave`);
  const us = Float64Array.from(windows.slice(WARM_UP), (ns) => Number(ns) / 1_000);
  const at = (q: number): number => quantile(us, q);
  const nsPerOp = at(0.5) * 1_000;
  const result = { suite: SUITE, name: 'check-to-socket', opsPerSec: 1e9 / nsPerOp, nsPerOp, vs: {} };
  return { ...result, p50Us: at(0.5), p90Us: at(0.9), p99Us: at(0.99), maxUs: at(1) };
}

/** Calls when the bytes of an order have been handed to its socket, and by that to the operating system. */
function onHandedOver(listener: () => void): Disposable {
  const watched = new WeakSet<Socket>();
  let isOrder = false;
  const onHeaders = (message: unknown): void => {
    const { request, socket } = message as { request: { method: string; path: string }; socket: Socket };
    isOrder = request.method === 'POST' && request.path === '/v1/orders';
    if (watched.has(socket)) return;
    watched.add(socket);
    for (const name of ['_write', '_writev'] as const) {
      const write = socket[name]?.bind(socket) as ((...args: unknown[]) => void) | undefined;
      if (write === undefined) continue;
      Object.assign(socket, {
        [name](...args: unknown[]) {
          write(...args);
          if (isOrder) listener();
          isOrder = false;
        },
      });
    }
  };
  subscribe(CHANNEL, onHeaders);
  return { [Symbol.dispose]: () => void unsubscribe(CHANNEL, onHeaders) };
}

async function openDesk(driver: ToyExchangeDriver, tenure: Tenure, clock: SystemClock) {
  const book = new Book();
  const store = new MemoryStateStore({ clock });
  const killSwitch = await KillSwitch.open({ store, clock, venue: driver.name }, true);
  const parts = { book, clock, tradingDay: new TradingDay(), instruments: [GOLD], tenure };
  const journal = await Journal.open(
    { input: {}, accounts: [{ accountId: ACCOUNT.accountId, currency: 'USDT', balance: '1000000' }] },
    { ...parts, log: new MemoryAppendLog() },
  );
  const guard = new RiskGuard(
    {
      maxDailyLoss: '1000000',
      maxDrawdownFraction: 1,
      maxPositions: 10,
      maxPositionNotional: '1000000',
      maxTotalExposure: '1000000',
      maxClusterExposure: '1000000',
      buyingPower: 'none',
    },
    { book, clock, killSwitch },
  );
  const policy = new ExecutionPolicy({
    spreadBps: { entry: 'none' },
    depth: { multiple: { entry: 'none' } },
    volumeFraction: { entry: 'none' },
    slippage: { perOrderBps: { entry: 'none' } },
  });
  const desk = new OrderDesk({}, { ...parts, guard, policy, killSwitch, journal, venue: new Venue(driver) });
  const quote = (): void => {
    desk.mark({
      instrumentId: GOLD.instrumentId,
      bids: [{ price: ticks(99), quantity: lots(1_000) }],
      asks: [{ price: ticks(101), quantity: lots(1_000) }],
      mark: ticks(100),
      recentVolume: lots(1_000_000),
      volumeWindowMs: 60_000,
      receivedMonotonicMs: clock.monotonicMs(),
      receivedMs: clock.nowMs(),
      problems: [],
    });
  };
  return { desk, quote };
}
