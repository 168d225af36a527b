import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import {
  type FailoverChange,
  FeedFailover,
  type FeedFailoverOptions,
  FeedMetrics,
  MarketTracker,
  type MarketUpdate,
} from '../../src/market-data/index.ts';
import { type Logger, MetricsRegistry, silentLogger } from '../../src/telemetry/index.ts';
import { type MarketView, isGood } from '../../src/trading/index.ts';
import { BTC, diff, level, levels, quote, snapshot, trade } from '../support/market-events.ts';
import { PushedFeed } from '../support/pushed-feed.ts';

const ID = BTC.instrumentId;
const STALE_MS = 2_000;

/** A book around a middle, wide enough that a level more or less is no jump. */
const book = (updateId: number, middle: number) =>
  snapshot(updateId, { bids: levels([middle - 1, 5]), asks: levels([middle + 1, 5]) });

class World {
  readonly clock = new ManualClock(1_000_000);
  readonly feeds: readonly PushedFeed[];
  readonly failover: FeedFailover;
  readonly updates: MarketUpdate[] = [];
  readonly changes: FailoverChange[] = [];
  readonly controller = new AbortController();
  readonly run: Promise<void>;
  isOver = false;

  constructor(names: readonly string[], options: Partial<FeedFailoverOptions> = {}) {
    this.feeds = names.map((name) => new PushedFeed(name));
    this.failover = new FeedFailover(
      { instrumentIds: [ID], ...options },
      { feeds: this.feeds, clock: this.clock, onChange: (change) => this.changes.push(change) },
    );
    this.run = this.failover.run((update) => this.updates.push(update), this.controller.signal);
    this.run.then(
      () => (this.isOver = true),
      () => (this.isOver = true),
    );
  }

  get last(): MarketUpdate | undefined {
    return this.updates.at(-1);
  }

  get active(): string | undefined {
    return this.failover.status()[0]?.active;
  }

  feed(index: number): PushedFeed {
    const feed = this.feeds[index];
    if (feed === undefined) throw new Error(`no feed ${index}`);
    return feed;
  }

  /** Each source that is named shows a book around its middle, at its own ids, again each 100 ms. */
  async show(ms: number, ...middles: readonly (number | undefined)[]): Promise<void> {
    for (let t = 0; t < ms; t += 100) {
      for (const [i, middle] of middles.entries()) {
        if (middle === undefined) continue;
        this.feeds[i]?.push(book((i + 1) * 10_000 + this.clock.monotonicMs(), middle));
      }
      await settle();
      this.clock.advance(100);
      await settle();
    }
  }
}

/** Promises only: the clock stands still. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

const blocking = (view: MarketView | undefined): readonly string[] =>
  view?.problems.filter((problem) => problem.blocking).map(({ code }) => code) ?? ['no view'];

describe('FeedFailover', () => {
  test('tells what the first source says, and keeps the others to itself', async () => {
    const world = new World(['a', 'b']);
    const [a, b] = [world.feed(0), world.feed(1)];
    const events = [snapshot(10), diff(11, 12), trade(7)];
    a.push(...events);
    b.push(snapshot(900), trade(1));
    await settle();
    expect(world.updates.map(({ event }) => event)).toEqual(events);
    expect(world.updates.map(({ source }) => source)).toEqual(['a', 'a', 'a']);
    expect(world.last?.view).toMatchObject({ instrumentId: ID, mark: 100, recentVolume: 1, problems: [] });
    expect(world.failover.view(ID)).toBe(world.last?.view);
  });

  test('goes to the standby when the first is silent, with the whole book of it, under ids that go on', async () => {
    const world = new World(['a', 'b']);
    world.feed(0).push(snapshot(10), diff(11, 12), trade(70));
    await world.show(STALE_MS, undefined, 101);
    expect([world.active, blocking(world.last?.view)]).toEqual(['a', []]);
    await world.show(900, undefined, 101);
    expect([world.active, blocking(world.last?.view)]).toEqual(['a', ['STALE']]);
    await world.show(300, undefined, 101);
    expect(world.changes).toEqual([{ kind: 'switched', instrumentId: ID, from: 'a', to: 'b' }]);
    const first = world.updates.find(({ source }) => source === 'b');
    expect(first?.event).toMatchObject({
      type: 'snapshot',
      updateId: 13,
      bids: levels([100, 5]),
      asks: levels([102, 5]),
    });
    expect(blocking(first?.view)).toEqual([]);
    world
      .feed(1)
      .push(diff(20_000 + world.clock.monotonicMs(), 20_000 + world.clock.monotonicMs()), trade(3));
    await settle();
    expect(world.last?.event).toMatchObject({ type: 'trade', tradeId: 71 });
  });

  test('a quote that the standby has after its book comes with it', async () => {
    const world = new World(['a', 'b'], { failAfterMs: 0 });
    world.feed(0).push(snapshot(10), diff(11, 12));
    const best = quote(45, level(100, 9), level(101, 9));
    world.feed(1).push(snapshot(40), best);
    await settle();
    world.updates.length = 0;
    world.feed(0).end();
    await settle();
    expect(world.updates.map(({ event }) => event)).toEqual([
      snapshot(13, { receivedMonotonicMs: 0 }),
      { ...best, updateId: 18 },
    ]);
    expect(world.last?.view.bids[0]).toEqual(level(100, 9));
  });

  test('a quote with which the source changes is told once', async () => {
    const world = new World(['a', 'b'], { failAfterMs: 100, checkEveryMs: 60_000 });
    world.feed(0).push(snapshot(10), diff(11, 11));
    world.feed(1).push(snapshot(500));
    await settle();
    world.feed(0).push(diff(20, 20));
    await settle();
    world.clock.advance(200);
    world.updates.length = 0;
    world.feed(1).push(quote(505, level(100, 5), level(101, 5)));
    await settle();
    expect(world.updates.map(({ event }) => event?.type)).toEqual(['snapshot', 'quote']);
  });

  test('who follows the events is right again with a book that is as old as the one handed over', async () => {
    const world = new World(['a', 'b'], { failAfterMs: 0 });
    world.feed(1).push(snapshot(500));
    await settle();
    world.clock.advance(100);
    await settle();
    world.feed(1).push(diff(501, 501, { bids: levels([0, 1]) }), snapshot(500), diff(501, 501));
    await settle();
    const consumer = new MarketTracker({}, { instrumentId: ID, clock: world.clock });
    for (const { event } of world.updates) if (event !== undefined) consumer.apply(event);
    expect([blocking(world.failover.view(ID)), blocking(consumer.view)]).toEqual([[], []]);
  });

  test.each([
    ['with a hole', [snapshot(10), diff(20, 20)]],
    ['that has not come', [trade(1)]],
  ])('asks a source for a book %s anew, and again, until it has it', async (_what, events) => {
    const world = new World(['a', 'b'], { refreshAfterMs: 1_000 });
    world.feed(0).push(...events);
    world.feed(1).push(snapshot(10));
    await world.show(1_000);
    expect(world.feeds.map(({ refreshed }) => refreshed)).toEqual([[], []]);
    await world.show(100);
    expect(world.feeds.map(({ refreshed }) => refreshed)).toEqual([[ID], []]);
    await world.show(1_000);
    expect(world.feed(0).refreshed).toEqual([ID, ID]);
    world.feed(0).push(snapshot(30));
    await world.show(3_000);
    expect(world.feed(0).refreshed).toEqual([ID, ID]);
  });

  test('asks a source that has ended for nothing', async () => {
    const world = new World(['a', 'b'], { refreshAfterMs: 1_000 });
    world.feed(0).end();
    await world.show(3_000, undefined, 100);
    expect(world.feed(0).refreshed).toEqual([]);
  });

  test('tells a view that has changed by time alone, without an event', async () => {
    const world = new World(['a']);
    world.feed(0).push(snapshot(10));
    await settle();
    world.updates.length = 0;
    await world.show(STALE_MS + 100);
    expect(world.updates.map(({ view }) => blocking(view))).toContainEqual(['STALE']);
    expect(world.last?.source).toBe('a');
    for (const update of world.updates) expect(update).not.toHaveProperty('event');
  });

  test('stays with a bad source while there is no good one', async () => {
    const world = new World(['a', 'b']);
    world.feed(0).push(snapshot(10));
    await world.show(10_000);
    expect([world.active, world.changes]).toEqual(['a', []]);
    expect(blocking(world.failover.view(ID))).toEqual(['STALE']);
  });

  test('goes back when the first has been good for so long, not before', async () => {
    const world = new World(['a', 'b'], { returnAfterMs: 5_000 });
    await world.show(1_100, undefined, 100);
    expect(world.active).toBe('b');
    await world.show(4_900, 100, 100);
    expect(world.active).toBe('b');
    await world.show(200, 100, 100);
    expect(world.active).toBe('a');
    expect(world.changes.map(({ kind }) => kind)).toEqual(['switched', 'switched']);
  });

  test.each([
    ['a trade comes after the book', trade(5), [snapshot(40, { receivedMonotonicMs: 0 }), trade(5)]],
    ['a change is in the book already', diff(41, 41), [snapshot(41, { receivedMonotonicMs: 1_000 })]],
  ])('with the event that shows the first to have been bad for too long: %s', async (_what, event, told) => {
    const world = new World(['a', 'b'], { checkEveryMs: 60_000 });
    world.feed(1).push(snapshot(40));
    await settle();
    world.clock.advance(1_000);
    world.feed(1).push(event);
    await settle();
    expect(world.updates.map((update) => update.event)).toEqual(told);
    expect(world.last?.source).toBe('b');
  });

  test('a trade of the standby that makes no source change is not told', async () => {
    const world = new World(['a', 'b'], { sharedTradeIds: true });
    world.feed(0).push(snapshot(10), trade(7));
    world.feed(1).push(snapshot(10), trade(7), trade(8));
    await settle();
    expect(world.updates.map(({ event }) => event?.type)).toEqual(['snapshot', 'trade']);
    world.updates.length = 0;
    world.feed(0).push(trade(7));
    await settle();
    expect(world.updates.map(({ view }) => view.recentVolume)).toEqual([1]);
    expect(world.last).not.toHaveProperty('event');
  });
});

describe('FeedFailover, sources that differ', () => {
  test('of two neither is trusted: entries are blocked until they agree again', async () => {
    const world = new World(['a', 'b']);
    await world.show(1_000, 100_000, 100_400);
    expect(blocking(world.last?.view)).toEqual([]);
    await world.show(300, 100_000, 100_600);
    expect(blocking(world.last?.view)).toEqual([]);
    await world.show(400, 100_000, 100_600);
    expect(blocking(world.last?.view)).toEqual(['SOURCE_DEVIATION']);
    expect(world.last?.view.problems[0]).toMatchObject({ instrumentId: ID, limit: 50 });
    expect(world.last?.view.problems[0]?.measured).toBeCloseTo(60);
    expect(isGood(world.failover.view(ID))).toBe(false);
    await world.show(5_000, 100_000, 100_600);
    expect(world.active).toBe('a');
    expect(world.changes).toMatchObject([
      { kind: 'doubted', instrumentId: ID, source: 'a', isTrusted: false },
      { kind: 'doubted', instrumentId: ID, source: 'b', isTrusted: false },
    ]);
    await world.show(700, 100_000, 100_000);
    expect(blocking(world.last?.view)).toEqual([]);
    expect(world.changes.slice(2)).toMatchObject([{ isTrusted: true }, { isTrusted: true }]);
  });

  test('prices that contradict each other are not trusted from the first moment', async () => {
    const world = new World(['a', 'b']);
    await world.show(100, 100, 140);
    expect(blocking(world.last?.view)).toEqual(['SOURCE_DEVIATION']);
  });

  test('a source that is bad now and then still casts doubt on the other', async () => {
    const world = new World(['a', 'b']);
    await world.show(1_000, 100_000, 100_000);
    for (let i = 0; i < 5; i += 1) {
      await world.show(200, 100_000, 100_600);
      const lost = 20_000 + world.clock.monotonicMs();
      world.feed(1).push(diff(lost, lost));
      await world.show(200, 100_000);
    }
    await world.show(100, 100_000, 100_600);
    expect(blocking(world.last?.view)).toEqual(['SOURCE_DEVIATION']);
  });

  test('the view is told when the doubt comes from the other source, without an event', async () => {
    const world = new World(['a', 'b'], { confirmMs: 0, checkEveryMs: 60_000 });
    world.feed(0).push(book(10, 100_000));
    await settle();
    world.feed(1).push(book(10, 100_600));
    await settle();
    expect(blocking(world.last?.view)).toEqual(['SOURCE_DEVIATION']);
    expect(world.last?.source).toBe('a');
    expect(world.last).not.toHaveProperty('event');
  });

  test('of three the odd one is out, and if it is the active one another takes over', async () => {
    const world = new World(['a', 'b', 'c']);
    await world.show(1_000, 100_000, 100_000, 100_010);
    await world.show(800, 100_600, 100_000, 100_010);
    expect([world.active, blocking(world.last?.view)]).toEqual(['a', ['SOURCE_DEVIATION']]);
    await world.show(1_000, 100_600, 100_000, 100_010);
    expect([world.active, blocking(world.last?.view)]).toEqual(['b', []]);
    expect(world.failover.status()).toMatchObject([
      {
        instrumentId: ID,
        active: 'b',
        sources: [
          { source: 'a', isGood: false },
          { source: 'b', isGood: true },
          { source: 'c', isGood: true },
        ],
      },
    ]);
  });

  test('a source that freezes while the market goes on blocks the other only until it is stale', async () => {
    const world = new World(['a', 'b']);
    await world.show(1_000, 100_000, 100_000);
    await world.show(1_500, 100_600, undefined);
    expect(blocking(world.last?.view)).toEqual(['SOURCE_DEVIATION']);
    await world.show(1_500, 100_600, undefined);
    expect([world.active, blocking(world.last?.view)]).toEqual(['a', []]);
  });

  test('a source that has ended casts no doubt', async () => {
    const world = new World(['a', 'b'], { confirmMs: 0 });
    await world.show(1_000, 100_000, 100_000);
    world.feed(1).end();
    await world.show(500, 100_600, undefined);
    expect(blocking(world.last?.view)).toEqual([]);
    expect(world.changes.map(({ kind }) => kind)).toEqual(['ended']);
  });

  test('the metrics of a source count the doubts', async () => {
    const world = new World(['a', 'b'], { confirmMs: 0 });
    const metrics = new MetricsRegistry();
    const shown = new FeedMetrics({ source: 'b' }, { metrics, trackers: world.failover.trackersOf('b') });
    await world.show(300, 100_000, 100_600);
    expect(await metrics.exposition()).toContain(
      'trading_data_integrity_violations_total{source="b",check="SOURCE_DEVIATION"} 1',
    );
    expect(world.failover.trackersOf('b')[0]?.clockOffsetMs).toBeNaN();
    expect(world.failover.trackersOf('x')).toEqual([]);
    shown[Symbol.dispose]();
  });
});

describe('FeedFailover, from beginning to end', () => {
  test('a source that throws is told, counts as bad at once, and the other takes over', async () => {
    const world = new World(['a', 'b']);
    await world.show(1_000, 100, 100);
    const error = new Error('torn');
    world.feed(0).end(error);
    await world.show(900, undefined, 100);
    expect([world.active, world.changes]).toEqual(['a', [{ kind: 'ended', source: 'a', error }]]);
    await world.show(200, undefined, 100);
    expect(world.active).toBe('b');
    expect(world.isOver).toBe(false);
  });

  test('the view of a source that has ended is bad at once, and told', async () => {
    const world = new World(['a', 'b']);
    world.feed(0).push(snapshot(10));
    await settle();
    world.feed(0).end(new Error('gone'));
    await settle();
    const stale = { code: 'STALE', instrumentId: ID, blocking: true, note: 'the source has ended' };
    expect(world.last?.view.problems).toEqual([stale]);
    expect(world.failover.view(ID)).toBe(world.last?.view);
    expect(world.failover.trackersOf('a')[0]?.problemCounts.STALE).toBe(1);
    await world.show(STALE_MS + 200);
    expect(blocking(world.last?.view)).toEqual(['STALE']);
  });

  test('after it was aborted no view is good, until events come again', async () => {
    const world = new World(['a']);
    world.feed(0).push(snapshot(10));
    await settle();
    world.controller.abort();
    await world.run;
    expect([blocking(world.failover.view(ID)), world.updates.length]).toEqual([['STALE'], 1]);
    const again = world.failover.run((update) => world.updates.push(update));
    await settle();
    expect(blocking(world.failover.view(ID))).toEqual(['STALE']);
    world.feed(0).push(diff(11, 11));
    await settle();
    expect([blocking(world.last?.view), world.updates.length]).toEqual([[], 2]);
    world.feed(0).end();
    await again;
    expect(blocking(world.failover.view(ID))).toEqual(['STALE']);
  });

  test('a listener that throws is logged, and does no harm', async () => {
    const feeds = [new PushedFeed('a'), new PushedFeed('b')];
    const lines: unknown[] = [];
    const clock = new ManualClock(1_000);
    const warn = (...line: readonly unknown[]): void => {
      lines.push(line);
    };
    const logger: Logger = { ...silentLogger, warn };
    const failover = new FeedFailover(
      { instrumentIds: [ID], failAfterMs: 0 },
      {
        feeds,
        clock,
        logger,
        onChange: () => {
          throw new Error('listener');
        },
      },
    );
    const updates: MarketUpdate[] = [];
    const run = failover.run((update) => updates.push(update));
    feeds[1]?.push(snapshot(5));
    await settle();
    feeds[0]?.end();
    await settle();
    clock.advance(100);
    feeds[1]?.end();
    await run;
    expect(updates.map(({ event }) => event?.type)).toContain('snapshot');
    const line = [{ error: 'Error: listener' }, 'onChange of the failover has thrown'];
    expect(lines).toEqual([line, line, line]);
  });

  test('is over when every source has ended', async () => {
    const world = new World(['a', 'b']);
    world.feed(0).end();
    await settle();
    expect(world.isOver).toBe(false);
    world.feed(1).end();
    await world.run;
    expect(world.changes).toEqual([
      { kind: 'ended', source: 'a' },
      { kind: 'ended', source: 'b' },
    ]);
    expect(world.clock.nextDueMs).toBe(Infinity);
  });

  test('ends when it is aborted, tells nothing more, and leaves nothing behind', async () => {
    const world = new World(['a', 'b']);
    world.feed(0).push(snapshot(10));
    await settle();
    expect(getEventListeners(world.controller.signal, 'abort')).toHaveLength(1);
    world.controller.abort();
    world.feed(0).push(diff(11, 11));
    await world.run;
    expect([world.updates.length, world.changes]).toEqual([1, []]);
    expect(getEventListeners(world.controller.signal, 'abort')).toHaveLength(0);
    expect(world.clock.nextDueMs).toBe(Infinity);
  });

  test('does not begin on a signal that has aborted', async () => {
    const feed = new PushedFeed('a');
    const failover = new FeedFailover({ instrumentIds: [ID] }, { feeds: [feed], clock: new ManualClock() });
    await failover.run(() => {}, AbortSignal.abort());
    expect(feed.taken).toBe(0);
  });

  test('what the consumer throws ends it, and is thrown', async () => {
    const feeds = [new PushedFeed('a'), new PushedFeed('b')];
    const failover = new FeedFailover({ instrumentIds: [ID] }, { feeds, clock: new ManualClock() });
    let calls = 0;
    const run = failover.run(() => {
      calls += 1;
      throw new Error('full');
    });
    feeds[0]?.push(snapshot(10), diff(11, 11));
    await expect(run).rejects.toThrow('full');
    expect(calls).toBe(1);
  });

  test('is followed by one consumer at a time', async () => {
    const world = new World(['a']);
    await expect(world.failover.run(() => {})).rejects.toMatchObject({ code: 'FEED_TAKEN' });
    world.controller.abort();
    await world.run;
    const updates: MarketUpdate[] = [];
    const again = world.failover.run((update) => updates.push(update));
    world.feed(0).push(snapshot(10));
    world.feed(0).end();
    await again;
    expect(updates[0]?.event).toEqual(snapshot(10));
  });

  test('each instrument has a source of its own; what is not wanted is passed over', async () => {
    const world = new World(['a', 'b'], { instrumentIds: [ID, 'ETH-USDT'] });
    for (let i = 0; i < 12; i += 1) {
      world.feed(0).push(snapshot(10 + i), snapshot(10 + i, { instrumentId: 'XRP-USDT' }));
      world.feed(1).push(snapshot(10 + i, { instrumentId: 'ETH-USDT' }));
      await settle();
      world.clock.advance(100);
    }
    expect(world.failover.status().map(({ instrumentId, active }) => [instrumentId, active])).toEqual([
      [ID, 'a'],
      ['ETH-USDT', 'b'],
    ]);
    expect(world.updates.some(({ view }) => view.instrumentId === 'XRP-USDT')).toBe(false);
    expect(() => world.failover.view('XRP-USDT')).toThrow(
      expect.objectContaining({ code: 'INSTRUMENT_UNKNOWN' }),
    );
  });

  test.each([
    ['without feeds', [], {}, 'feeds: expected one or more, each with a name of its own, got []'],
    ['with two of one name', ['a', 'a'], {}, 'got [a, a]'],
    ['without instruments', ['a'], { instrumentIds: [] }, 'instrumentIds'],
    ['with a misspelt option', ['a'], { failAfter: 1 }, 'failAfter'],
    ['with no deviation allowed', ['a'], { maxDeviationBps: 0 }, 'maxDeviationBps'],
    ['with an option of the tracker that is wrong', ['a'], { tracker: { depth: 0 } }, 'tracker.depth'],
  ])('is refused %s', (_what, names, options, message) => {
    expect(
      () =>
        new FeedFailover(
          { instrumentIds: [ID], ...options },
          { feeds: names.map((name) => new PushedFeed(name)), clock: new ManualClock() },
        ),
    ).toThrow(message);
  });
});
