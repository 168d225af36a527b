import { expect, test } from 'vitest';
import { SystemClock } from '../../../src/core/index.ts';
import {
  BinanceMarketFeed,
  type FailoverChange,
  FeedFailover,
  MarketTracker,
} from '../../../src/market-data/index.ts';
import type { BookSnapshot } from '../../../src/trading/index.ts';
import { isGood } from '../../../src/trading/index.ts';
import { BTC } from '../../support/market-events.ts';
import { syntheticMarket, toLines } from '../../support/synthetic-recording.ts';
import { ToyBinance } from '../../support/toy-binance.ts';

const MESSAGES = toLines(syntheticMarket(5, 3_000).events).map((line) => line.slice(line.indexOf(' ') + 1));
const clock = new SystemClock();

const feedOn = (name: string, toy: ToyBinance): BinanceMarketFeed =>
  new BinanceMarketFeed(
    {
      name,
      url: `ws://${toy.host}`,
      feed: { socket: { allowPrivateAddresses: true }, snapshots: { baseDelayMs: 20, maxDelayMs: 50 } },
    },
    {
      clock,
      instruments: [BTC],
      snapshot: async (_instrument, signal) => {
        const answer = await fetch(`http://${toy.host}/api/v3/depth?symbol=BTCUSDT`, { signal });
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        return answer.json();
      },
    },
  );

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000; i += 1) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come to pass within 10 s');
}

const levels = (book: BookSnapshot | undefined): unknown => book && [book.bids, book.asks];

/** Some of the market in the real time that it takes. */
async function play(toys: readonly ToyBinance[], isDone: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !isDone(); i += 1) {
    await Promise.all(toys.map((toy) => toy.play(5)));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(isDone()).toBe(true);
}

test('an exchange that goes away for good: the other takes over, its book and no other, each trade once', async () => {
  const main = await ToyBinance.listen(MESSAGES, BTC);
  await using spare = await ToyBinance.listen(MESSAGES, BTC);
  const feeds = [feedOn('main', main), feedOn('spare', spare)];
  const changes: FailoverChange[] = [];
  const quality = { staleAfterMs: 300 };
  const failover = new FeedFailover(
    {
      instrumentIds: [BTC.instrumentId],
      failAfterMs: 100,
      checkEveryMs: 10,
      sharedTradeIds: true,
      tracker: { quality, maxWaitingDiffs: 10_000 },
    },
    { feeds, clock, onChange: (change) => changes.push(change) },
  );
  const consumer = new MarketTracker({ quality }, { instrumentId: BTC.instrumentId, clock });
  const trades: number[] = [];
  let wasBlocked = false;
  const run = failover.run(({ event, view }) => {
    if (event !== undefined) consumer.apply(event);
    if (event?.type === 'trade') trades.push(event.tradeId);
    if (trades.length > 0 && !isGood(view)) wasBlocked = true;
  });
  for (const feed of feeds) feed.start();
  await until(() => main.subscribers(3) === 1 && spare.subscribers(3) === 1);

  await play([main, spare], () => failover.status()[0]?.sources.every(({ isGood: good }) => good) === true);
  await main[Symbol.asyncDispose]();
  await play([spare], () => changes.some(({ kind }) => kind === 'switched'));
  expect(wasBlocked).toBe(true);
  expect(changes).toMatchObject([{ kind: 'switched', from: 'main', to: 'spare' }]);
  await spare.play(200);
  await until(() => JSON.stringify(levels(consumer.snapshot())) === JSON.stringify(levels(spare.book())));
  expect(isGood(failover.view(BTC.instrumentId))).toBe(true);
  expect(new Set(trades).size).toBe(trades.length);
  expect(trades).toEqual([...trades].sort((a, b) => a - b));

  await Promise.all(feeds.map((feed) => feed.stop()));
  await run;
  expect(changes.slice(1).map(({ kind }) => kind)).toEqual(['ended', 'ended']);
});
