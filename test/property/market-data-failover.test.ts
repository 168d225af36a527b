import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { FeedFailover, MarketTracker, type MarketUpdate } from '../../src/market-data/index.ts';
import { CrossCheck } from '../../src/market-data/cross-check.ts';
import { SourceSelection } from '../../src/market-data/source-selection.ts';
import { type MarketEvent, isGood } from '../../src/trading/index.ts';
import { BTC } from '../support/market-events.ts';
import { PushedFeed } from '../support/pushed-feed.ts';
import { syntheticMarket } from '../support/synthetic-recording.ts';

const MAX_BPS = 50;
const prices = fc.array(fc.oneof(fc.constant(NaN), fc.integer({ min: 9_900, max: 10_100 })), {
  minLength: 1,
  maxLength: 5,
});
const distanceBps = (a: number, b: number): number =>
  ((Math.max(a, b) - Math.min(a, b)) / Math.min(a, b)) * 1e4;

describe('the comparison of sources', () => {
  test.prop([prices])('trusts exactly who agrees with more than half of those that have a price', (these) => {
    const check = new CrossCheck({ maxDeviationBps: MAX_BPS, confirmMs: 0 }, these.length);
    check.look(these, 0);
    const known = these.filter((price) => !Number.isNaN(price));
    for (const [i, price] of these.entries()) {
      const friends = known.filter((other) => distanceBps(price, other) <= MAX_BPS).length;
      expect(check.isTrusted(i)).toBe(Number.isNaN(price) || 2 * friends > known.length);
    }
  });

  test.prop([prices, fc.array(fc.nat({ max: 4 }), { minLength: 5, maxLength: 5 })])(
    'the order of the sources is nothing to it',
    (these, keys) => {
      const order = these.map((_, i) => i).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
      const [one, other] = [these, order.map((i) => these[i] ?? NaN)].map((looked) => {
        const check = new CrossCheck({ maxDeviationBps: MAX_BPS, confirmMs: 0 }, looked.length);
        check.look(looked, 0);
        return looked.map((_, i) => check.isTrusted(i));
      });
      expect(other).toEqual(order.map((i) => one?.[i]));
    },
  );

  test.prop([fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.boolean()), { maxLength: 40 })])(
    'trust ends after so long a deviation in all, and begins after so long an agreement without a break',
    (looks) => {
      const confirmMs = 500;
      const check = new CrossCheck({ maxDeviationBps: MAX_BPS, confirmMs }, 2);
      const seen: { readonly now: number; readonly agree: boolean }[] = [];
      let now = 0;
      let expected = true;
      let from = 0;
      for (const [waitMs, agree] of looks) {
        now += waitMs;
        seen.push({ now, agree });
        check.look([10_000, agree ? 10_000 : 10_100], now);
        const broken = seen.findLast((look) => !look.agree);
        const streak = seen.slice(broken === undefined ? 0 : seen.indexOf(broken) + 1);
        if (agree && now - (streak[0]?.now ?? NaN) >= confirmMs) {
          expected = true;
          from = seen.length;
        }
        let deviatedMs = 0;
        for (let i = from; i < seen.length - 1; i += 1) {
          if (seen[i]?.agree === false) deviatedMs += (seen[i + 1]?.now ?? NaN) - (seen[i]?.now ?? NaN);
        }
        if (!agree && (seen.length === 1 || deviatedMs >= confirmMs)) expected = false;
        expect([check.isTrusted(0), check.isTrusted(1)]).toEqual([expected, expected]);
      }
    },
  );
});

describe('the choice of a source', () => {
  const looks = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 900 }), fc.tuple(fc.boolean(), fc.boolean(), fc.boolean())),
    { maxLength: 60 },
  );

  test.prop([looks])(
    'never flaps, never leaves a good source for a lesser one, never goes to a bad one',
    (these) => {
      const options = { failAfterMs: 1_000, returnAfterMs: 2_500 };
      const selection = new SourceSelection(options, 3, 0);
      const since = [0, 0, 0];
      let before: readonly boolean[] = [false, false, false];
      let now = 0;
      for (const [waitMs, good] of these) {
        now += waitMs;
        for (const [i, isGoodNow] of good.entries()) if (isGoodNow !== before[i]) since[i] = now;
        before = good;
        const from = selection.active;
        if (!selection.look(good, now)) continue;
        const to = selection.active;
        expect(good[to]).toBe(true);
        if (good[from] === true) {
          expect(to).toBeLessThan(from);
          expect(now - (since[to] ?? NaN)).toBeGreaterThanOrEqual(options.returnAfterMs);
        } else {
          expect(now - (since[from] ?? NaN)).toBeGreaterThanOrEqual(options.failAfterMs);
          expect(good.slice(0, to).includes(true)).toBe(false);
        }
      }
    },
  );

  test.prop([looks])('a bad source is not kept for longer than that while there is a good one', (these) => {
    const selection = new SourceSelection({ failAfterMs: 1_000, returnAfterMs: 2_500 }, 3, 0);
    let now = 0;
    let badSince = 0;
    for (const [waitMs, good] of these) {
      now += waitMs;
      const from = selection.active;
      if (good[from] === true) badSince = Infinity;
      else badSince = Math.min(badSince, now);
      if (selection.look(good, now)) badSince = Infinity;
      if (good[selection.active] === false && good.includes(true)) expect(now - badSince).toBeLessThan(1_000);
    }
  });
});

/** What happens to a source for a while: how many events of it come, or are lost, and how long that takes. */
const step = fc.record({
  source: fc.nat({ max: 2 }),
  events: fc.integer({ min: 1, max: 40 }),
  fate: fc.constantFrom('told', 'told', 'told', 'lost', 'book'),
  waitMs: fc.constantFrom(0, 100, 1_000, 3_000),
});

describe('whatever becomes of three sources', () => {
  let total = 0;
  afterAll(() => expect(total).toBeGreaterThan(1_000));

  test.prop([fc.integer(), fc.array(step, { minLength: 5, maxLength: 40 })], { numRuns: 60 })(
    'who follows the events has one book, that of the active source, and ids that never go back',
    async (seed, steps) => {
      const clock = new ManualClock(1_700_000_000_000);
      const markets = [seed, seed + 1, seed + 2].map((one) => syntheticMarket(one, 300));
      const feeds = ['a', 'b', 'c'].map((name) => new PushedFeed(name));
      const at = [0, 0, 0];
      const tracker = { quality: { maxJumpBps: 1e6 } };
      const failover = new FeedFailover(
        { instrumentIds: [BTC.instrumentId], returnAfterMs: 2_000, maxDeviationBps: 10_000, tracker },
        { feeds, clock },
      );
      const consumer = new MarketTracker(tracker, { instrumentId: BTC.instrumentId, clock });
      const controller = new AbortController();
      let compared = 0;
      const onUpdate = ({ event, view, source }: MarketUpdate): void => {
        if (event === undefined) return;
        consumer.apply(event);
        // A change of source may take two events: the book, and the quote after it.
        if (!isGood(view) || event.type === 'snapshot') return;
        compared += 1;
        expect(consumer.view.problems.filter(({ blocking }) => blocking)).toEqual([]);
        const theirs = failover.status()[0]?.sources.find((one) => one.source === source)?.view;
        expect(best(consumer.view)).toEqual(best(theirs));
        expect([consumer.view.bids.length, consumer.view.asks.length]).toEqual([
          theirs?.bids.length,
          theirs?.asks.length,
        ]);
      };
      const run = failover.run(onUpdate, controller.signal).catch((error: unknown) => error);
      for (const { source, events, fate, waitMs } of steps) {
        const market = markets[source];
        const from = at[source] ?? 0;
        const these = market?.events.slice(from, from + events) ?? [];
        at[source] = from + events;
        const last = these.findLast((event) => event.type === 'diff');
        const stamped = these.map((event) => stamp(event, clock));
        if (fate !== 'lost') feeds[source]?.push(...stamped);
        if (fate === 'book' && last !== undefined && market !== undefined) {
          const book = {
            type: 'snapshot' as const,
            instrumentId: BTC.instrumentId,
            receivedMs: clock.nowMs(),
          };
          feeds[source]?.push({ ...book, updateId: last.updateId, ...market.truth(last.updateId) });
        }
        await turns();
        clock.advance(waitMs);
        await turns();
      }
      controller.abort();
      expect(await run).toBeUndefined();
      expect(consumer.problemCounts).toMatchObject({ MALFORMED: 0 });
      total += compared;
    },
  );
});

const best = (view: { bids: readonly unknown[]; asks: readonly unknown[] } | undefined): unknown =>
  view && [view.bids, view.asks];

function stamp(event: MarketEvent, clock: ManualClock): MarketEvent {
  const { exchangeMs: _, ...rest } = event;
  return { ...rest, receivedMs: clock.nowMs() };
}

async function turns(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
