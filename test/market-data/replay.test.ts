import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { FastReplay, type MarketFeed, PacedReplay, feedOf } from '../../src/market-data/index.ts';
import type { MarketEvent } from '../../src/trading/index.ts';
import { trade } from '../support/market-events.ts';

const RECORDED_MS = 1_700_000_000_000;

/** Trades at these times since the first, their number as id. */
const trades = (...sinceMs: readonly number[]): readonly MarketEvent[] =>
  sinceMs.map((ms, i) => trade(i, { receivedMs: RECORDED_MS + ms, exchangeMs: RECORDED_MS + ms - 7 }));

interface Played {
  readonly batches: (readonly MarketEvent[])[];
  readonly atMs: number[];
  isOver: boolean;
}

/** Takes everything as it comes. */
function play(feed: MarketFeed, clock: ManualClock, signal?: AbortSignal): Played {
  const played: Played = { batches: [], atMs: [], isOver: false };
  void (async () => {
    for await (const batch of feed.batches(signal)) {
      played.batches.push(batch);
      played.atMs.push(clock.monotonicMs());
    }
    played.isOver = true;
  })();
  return played;
}

const ids = ({ batches }: Played): readonly (readonly number[])[] =>
  batches.map((batch) => batch.map((event) => (event.type === 'trade' ? event.tradeId : NaN)));

async function advance(clock: ManualClock, ms: number): Promise<void> {
  await clock.turn();
  for (let i = 0; i < ms; i += 1) {
    clock.advance(1);
    await clock.turn();
  }
}

describe('feedOf', () => {
  test('gives events in portions, as often as it is asked', async () => {
    const events = trades(...Array.from({ length: 450 }, (_, i) => i));
    const feed = feedOf('simulation', events);
    for (let i = 0; i < 2; i += 1) {
      const batches = [];
      for await (const batch of feed.batches()) batches.push(batch);
      expect(batches.map(({ length }) => length)).toEqual([200, 200, 50]);
      expect(batches.flat()).toEqual(events);
    }
    expect(feed.name).toBe('simulation');
  });

  test('ends between two portions when it is aborted', async () => {
    const controller = new AbortController();
    let portions = 0;
    const feed = feedOf('simulation', trades(...Array.from({ length: 450 }, (_, i) => i)));
    for await (const _ of feed.batches(controller.signal)) {
      portions += 1;
      controller.abort();
    }
    expect(portions).toBe(1);
  });
});

describe('PacedReplay', () => {
  const paced = (events: readonly MarketEvent[], speed?: number) => {
    const clock = new ManualClock(5_000_000);
    clock.advance(100);
    const feed = new PacedReplay(speed === undefined ? {} : { speed }, {
      clock,
      source: feedOf('recording', events),
    });
    return { clock, feed };
  };

  test('gives each event when as much time has passed as when it was recorded', async () => {
    const { clock, feed } = paced(trades(0, 10, 10, 25));
    const played = play(feed, clock);
    await advance(clock, 30);
    expect(ids(played)).toEqual([[0], [1, 2], [3]]);
    expect(played.atMs).toEqual([100, 110, 125]);
    expect(played.isOver).toBe(true);
    expect(feed.name).toBe('recording');
  });

  test('twice as fast in half the time', async () => {
    const { clock, feed } = paced(trades(0, 10, 30), 2);
    const played = play(feed, clock);
    await advance(clock, 20);
    expect(played.atMs).toEqual([100, 105, 115]);
  });

  test('stamps the time of now, and moves the time of the exchange with it', async () => {
    const { clock, feed } = paced(trades(0, 10));
    const played = play(feed, clock);
    await advance(clock, 10);
    expect(played.batches.flat()).toEqual([
      trade(0, { receivedMs: 5_000_100, receivedMonotonicMs: 100, exchangeMs: 5_000_093 }),
      trade(1, { receivedMs: 5_000_110, receivedMonotonicMs: 110, exchangeMs: 5_000_103 }),
    ]);
  });

  test('invents no time of the exchange', async () => {
    const { clock, feed } = paced([trade(1)]);
    const played = play(feed, clock);
    await clock.turn();
    expect(played.batches).toEqual([[trade(1, { receivedMs: 5_000_100, receivedMonotonicMs: 100 })]]);
  });

  test('what fell due while the consumer was busy comes together, and the pace is kept', async () => {
    const { clock, feed } = paced(trades(0, 10, 20, 30));
    const taken: (readonly MarketEvent[])[] = [];
    const atMs: number[] = [];
    const iterator = feed.batches()[Symbol.asyncIterator]();
    for (const waitMs of [0, 20, 0]) {
      clock.advance(waitMs);
      const next = iterator.next();
      await advance(clock, 5);
      taken.push(((await next) as IteratorYieldResult<readonly MarketEvent[]>).value);
      atMs.push(clock.monotonicMs());
    }
    expect(ids({ batches: taken, atMs, isOver: true })).toEqual([[0], [1, 2], [3]]);
    expect(atMs).toEqual([105, 130, 135]);
  });

  test('a receive time that goes back goes back, at once', async () => {
    const { clock, feed } = paced(trades(0, 10, 5));
    const played = play(feed, clock);
    await advance(clock, 10);
    expect(played.batches.flat().map(({ receivedMs }) => receivedMs)).toEqual([
      5_000_100, 5_000_110, 5_000_105,
    ]);
  });

  test('ends in the middle of a wait when it is aborted, and leaves no timer', async () => {
    const { clock, feed } = paced(trades(0, 1_000));
    const controller = new AbortController();
    const played = play(feed, clock, controller.signal);
    await clock.turn();
    controller.abort();
    await clock.turn();
    expect(played).toMatchObject({ isOver: true, atMs: [100] });
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test.each([[{ speed: 0 }], [{ speed: -1 }], [{ pace: 1 } as never]])('refuses %j', (options) => {
    expect(() => new PacedReplay(options, { clock: new ManualClock(), source: feedOf('x', []) })).toThrow(
      /PacedReplay.*(speed|pace)/,
    );
  });
});

describe('FastReplay', () => {
  test('leaves out when events were received on another monotonic clock', async () => {
    const events = [trade(0, { receivedMs: 10, receivedMonotonicMs: 77 }), trade(1, { receivedMs: 11 })];
    const clock = new ManualClock(0);
    const seen: MarketEvent[] = [];
    for await (const [event] of new FastReplay({ clock, source: feedOf('live', events) }).batches())
      if (event !== undefined) seen.push(event);
    expect(seen).toEqual([trade(0, { receivedMs: 10 }), events[1]]);
    expect(seen[0]).not.toHaveProperty('receivedMonotonicMs');
    expect(seen[1]).toBe(events[1]);
  });

  test('gives each event alone, with the clock at its receipt', async () => {
    const clock = new ManualClock(RECORDED_MS);
    const seen: (readonly [number, number])[] = [];
    const feed = new FastReplay({ clock, source: feedOf('recording', trades(0, 10, 10, 25)) });
    for await (const [event, ...more] of feed.batches()) {
      expect(more).toEqual([]);
      seen.push([(event?.receivedMs ?? NaN) - RECORDED_MS, clock.nowMs() - RECORDED_MS]);
    }
    expect(seen).toEqual([
      [0, 0],
      [10, 10],
      [10, 10],
      [25, 25],
    ]);
    expect([feed.name, clock.monotonicMs()]).toEqual(['recording', 25]);
  });

  test('what falls due comes in order, settled before the next, and before the event', async () => {
    const clock = new ManualClock(RECORDED_MS);
    const order: string[] = [];
    clock.deadline(4, () => order.push(`timer ${clock.monotonicMs()}`));
    clock.deadline(10, () => order.push(`timer ${clock.monotonicMs()}`));
    const settled = async (): Promise<void> => {
      await clock.turn();
      order.push(`settled ${clock.monotonicMs()}`);
    };
    const feed = new FastReplay({ clock, source: feedOf('recording', trades(0, 10)), settled });
    for await (const [event] of feed.batches())
      order.push(`event ${(event?.receivedMs ?? NaN) - RECORDED_MS}`);
    expect(order).toEqual(['event 0', 'timer 4', 'settled 4', 'timer 10', 'settled 10', 'event 10']);
  });

  test('no time passes while the consumer is busy', async () => {
    const clock = new ManualClock(RECORDED_MS);
    const feed = new FastReplay({ clock, source: feedOf('recording', trades(0, 1_000)) });
    for await (const [event] of feed.batches()) {
      await clock.turn();
      expect(clock.nowMs()).toBe(event?.receivedMs);
    }
  });

  test('the wall clock jumps to the first event, and no timer fires for that', async () => {
    const clock = new ManualClock(0);
    let ticks = 0;
    clock.every(100, () => (ticks += 1));
    const feed = new FastReplay({ clock, source: feedOf('recording', trades(0, 250)) });
    for await (const [event] of feed.batches()) expect(clock.nowMs()).toBe(event?.receivedMs);
    expect([ticks, clock.monotonicMs()]).toEqual([2, 250]);
  });

  test('ends between two timers when it is aborted', async () => {
    const clock = new ManualClock(RECORDED_MS);
    const controller = new AbortController();
    clock.deadline(5, () => controller.abort());
    const feed = new FastReplay({ clock, source: feedOf('recording', trades(0, 10)) });
    let events = 0;
    for await (const batch of feed.batches(controller.signal)) events += batch.length;
    expect([events, clock.monotonicMs()]).toEqual([1, 5]);
  });
});
