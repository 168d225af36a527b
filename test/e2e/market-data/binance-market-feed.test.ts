import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ManualClock, SystemClock } from '../../../src/core/index.ts';
import {
  BinanceMarketFeed,
  type BinanceMarketFeedOptions,
  MarketTracker,
  Recording,
} from '../../../src/market-data/index.ts';
import type { BookSnapshot, MarketEvent, MarketView } from '../../../src/trading/index.ts';
import { isGood } from '../../../src/trading/index.ts';
import { BTC } from '../../support/market-events.ts';
import { RECORDING, recordingMissing } from '../../support/recorded-data.ts';
import { syntheticMarket, toLines } from '../../support/synthetic-recording.ts';
import { type OnWire, ToyBinance } from '../../support/toy-binance.ts';

const withoutTime = (line: string): string => line.slice(line.indexOf(' ') + 1);

/** Messages as they arrived, of the real recording or, where that is absent, of a synthetic one. */
const synthetic = (updates: number): readonly string[] =>
  toLines(syntheticMarket(3, updates).events).map(withoutTime);

const recorded = (): readonly string[] =>
  gunzipSync(readFileSync(RECORDING)).toString().trim().split('\n').map(withoutTime);

/** A consumer of a live feed: its tracker, and what it was told. */
class Live implements AsyncDisposable {
  readonly toy: ToyBinance;
  readonly feed: BinanceMarketFeed;
  readonly tracker: MarketTracker;
  readonly counts = { snapshot: 0, diff: 0, quote: 0, trade: 0 };
  readonly refusals: string[] = [];
  readonly #running: Promise<void>;

  constructor(toy: ToyBinance, options: BinanceMarketFeedOptions = {}) {
    const clock = new SystemClock();
    this.toy = toy;
    this.tracker = new MarketTracker(
      { maxWaitingDiffs: 10_000, quality: { staleAfterMs: 60_000 } },
      { instrumentId: BTC.instrumentId, clock },
    );
    this.feed = new BinanceMarketFeed(
      {
        url: `ws://${toy.host}`,
        feed: {
          socket: { allowPrivateAddresses: true },
          reconnect: { baseDelayMs: 20, maxDelayMs: 50, maxConnects: 100 },
          snapshots: { baseDelayMs: 20, maxDelayMs: 50 },
          buffer: { maxMessages: 100_000 },
        },
        ...options,
      },
      {
        clock,
        instruments: [BTC],
        snapshot: async ({ base, quote }, signal) => {
          const answer = await fetch(`http://${toy.host}/api/v3/depth?symbol=${base}${quote}`, { signal });
          if (!answer.ok) throw new Error(`status ${answer.status}`);
          return answer.json();
        },
        onChange: (change) => {
          if (change.kind === 'refused') this.refusals.push(change.detail);
        },
      },
    );
    this.feed.start();
    this.#running = this.#follow();
  }

  get view(): MarketView {
    return this.tracker.view;
  }

  get codes(): readonly string[] {
    return this.view.problems.filter(({ blocking }) => blocking).map(({ code }) => code);
  }

  subscribed(streams = 3): Promise<void> {
    return until(() => this.toy.subscribers(streams) === 1);
  }

  /** Until the book is right, and the exchange has nothing newer. */
  caughtUp(): Promise<void> {
    return until(() => isGood(this.view) && this.tracker.snapshot()?.updateId === this.toy.book()?.updateId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.feed.stop();
    await this.#running;
  }

  async #follow(): Promise<void> {
    for await (const events of this.feed.batches()) {
      for (const event of events) {
        this.counts[event.type] += 1;
        this.tracker.apply(event);
      }
    }
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000; i += 1) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come to pass within 20 s');
}

/** What is in a book, whenever it was received. */
const levels = (book: BookSnapshot | undefined): unknown =>
  book && { updateId: book.updateId, bids: book.bids, asks: book.asks };

interface Direct {
  readonly book: unknown;
  readonly view: MarketView;
  readonly counts: Readonly<Record<MarketEvent['type'], number>>;
}

let once: Promise<Direct> | undefined;
/** The recording without any network. */
const direct = (): Promise<Direct> => (once ??= replayed());

async function replayed(): Promise<Direct> {
  const recording = await Recording.open(RECORDING, { instruments: [BTC] });
  const tracker = new MarketTracker(
    {},
    { instrumentId: BTC.instrumentId, clock: new ManualClock(recording.firstReceivedMs) },
  );
  const counts = { snapshot: 0, diff: 0, quote: 0, trade: 0 };
  for await (const events of recording.batches()) {
    for (const event of events) {
      counts[event.type] += 1;
      tracker.apply(event);
    }
  }
  return { book: levels(tracker.snapshot()), view: tracker.view, counts };
}

const isDiff = (message: string): boolean => message.includes('@depth');

describe('a real recording, live', { timeout: 90_000 }, () => {
  test('over a real socket: every message, and the same book to the last lot', async ({ skip }) => {
    if (recordingMissing !== undefined) skip(recordingMissing);
    const expected = await direct();
    await using toy = await ToyBinance.listen(recorded(), BTC);
    await using live = new Live(toy);
    await live.subscribed();
    await toy.play(Infinity);
    await live.caughtUp();
    await until(
      () => live.counts.trade === expected.counts.trade && live.counts.quote === expected.counts.quote,
    );
    expect(live.counts).toEqual(expected.counts);
    expect(levels(live.tracker.snapshot())).toEqual(expected.book);
    expect([live.view.bids, live.view.asks]).toEqual([expected.view.bids, expected.view.asks]);
    expect(live.feed.status().counts).toMatchObject({ gaps: 0, malformed: 0, dropped: 0, duplicates: 0 });
    expect(toy.connections).toBe(1);
  });

  test('cut, lossy and repeating: right again after each fetch, blocked in between', async ({ skip }) => {
    if (recordingMissing !== undefined) skip(recordingMissing);
    const expected = await direct();
    await using toy = await ToyBinance.listen(recorded(), BTC);
    await using live = new Live(toy);
    await live.subscribed();
    await toy.play(3_000);
    await live.caughtUp();
    for (let round = 0; round < 5; round += 1) {
      await lose(toy, live, round);
      await toy.play(3_000, everyTenthTwice());
      await live.caughtUp();
      expect(levels(live.tracker.snapshot())).toEqual(levels(toy.book()));
    }
    await toy.play(Infinity);
    await live.caughtUp();
    expect(toy.left).toBe(0);
    expect(levels(live.tracker.snapshot())).toEqual(expected.book);
    expect([live.view.bids, live.view.asks]).toEqual([expected.view.bids, expected.view.asks]);
    expect(live.tracker.problemCounts).toMatchObject({ SEQUENCE_GAP: 5, MALFORMED: 0, CROSSED: 0 });
    // Three of the five rounds cut the connection.
    expect(toy.connections).toBe(4);
  });
});

/** Messages get lost, by a cut or on the wire; while the book is not fetched anew nothing is good. */
async function lose(toy: ToyBinance, live: Live, round: number): Promise<void> {
  toy.holdsBooks = true;
  const asked = toy.asked.length;
  if (round % 2 === 0) {
    toy.cut();
    await toy.play(500);
    await live.subscribed();
  } else await toy.play(500, (message) => (isDiff(message) ? 'lost' : 'sent'));
  await toy.play(200);
  await until(() => toy.asked.length > asked && live.codes.includes('SEQUENCE_GAP'));
  expect(isGood(live.view)).toBe(false);
  await toy.play(200);
  expect(live.codes).toEqual(['SEQUENCE_GAP']);
  toy.releaseBooks();
}

function everyTenthTwice(): (message: string) => OnWire {
  let sent = 0;
  return () => ((sent += 1) % 10 === 0 ? 'twice' : 'sent');
}

describe('BinanceMarketFeed on a socket', () => {
  test('asks for the streams of its instruments, and is told that it gets them', async () => {
    await using toy = await ToyBinance.listen(synthetic(400), BTC);
    await using live = new Live(toy);
    await live.subscribed();
    expect(toy.requests).toEqual([
      {
        method: 'SUBSCRIBE',
        params: ['btcusdt@depth@100ms', 'btcusdt@bookTicker', 'btcusdt@trade'],
        id: 1,
      },
    ]);
    await toy.play(Infinity);
    await live.caughtUp();
    expect(levels(live.tracker.snapshot())).toEqual(levels(toy.book()));
    expect(toy.asked[0]).toBe('/api/v3/depth?symbol=BTCUSDT');
    expect(live.refusals).toEqual([]);
  });

  test('takes only the streams that are wanted, gives them up, and wants them again', async () => {
    await using toy = await ToyBinance.listen(synthetic(800), BTC);
    await using live = new Live(toy, {
      url: `ws://${toy.host}`,
      quotes: false,
      trades: false,
      feed: { socket: { allowPrivateAddresses: true }, snapshots: { baseDelayMs: 20, maxDelayMs: 50 } },
    });
    await live.subscribed(1);
    await toy.play(300);
    await live.caughtUp();
    live.feed.unsubscribe(BTC.instrumentId);
    await until(() => toy.subscribers(0) === 1);
    await toy.play(200);
    const { diff } = live.counts;
    live.feed.subscribe(BTC.instrumentId);
    await live.subscribed(1);
    await toy.play(Infinity);
    await live.caughtUp();
    expect(levels(live.tracker.snapshot())).toEqual(levels(toy.book()));
    expect(live.counts).toMatchObject({ quote: 0, trade: 0 });
    expect(live.counts.diff).toBeGreaterThan(diff);
    expect(toy.requests.map(({ method, id }) => [method, id])).toEqual([
      ['SUBSCRIBE', 1],
      ['UNSUBSCRIBE', 2],
      ['SUBSCRIBE', 3],
    ]);
  });

  test('moves to another connection when the exchange is about to shut down, without a gap', async () => {
    await using toy = await ToyBinance.listen(synthetic(800), BTC);
    await using live = new Live(toy);
    await live.subscribed();
    await toy.play(400);
    await live.caughtUp();
    toy.say({ stream: '!serverShutdown', data: { e: 'serverShutdown', E: 1_770_123_456_789 } });
    await until(() => toy.subscribers(3) === 2);
    await toy.play(200);
    await live.subscribed();
    await toy.play(Infinity);
    await live.caughtUp();
    expect(levels(live.tracker.snapshot())).toEqual(levels(toy.book()));
    expect(live.tracker.problemCounts).toMatchObject({ SEQUENCE_GAP: 0, NO_BOOK: 1 });
    expect(toy.connections).toBe(2);
  });

  test('says what the exchange refuses', async () => {
    await using toy = await ToyBinance.listen(synthetic(400), BTC);
    await using live = new Live(toy);
    await live.subscribed();
    toy.say({ error: { code: 2, msg: 'Invalid request' }, id: 77 });
    await until(() => live.refusals.length > 0);
    expect(live.refusals).toEqual(['a request: 2 "Invalid request"']);
  });

  test('ends its batches when it is stopped', async () => {
    await using toy = await ToyBinance.listen(synthetic(400), BTC);
    const live = new Live(toy);
    await live.subscribed();
    await live[Symbol.asyncDispose]();
    expect(() => live.feed.start()).toThrow(expect.objectContaining({ code: 'SERVICE_STOPPED' }));
  });
});
