import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { lots, ticks } from '../../src/core/index.ts';
import {
  type ExecutionFacts,
  type ExecutionGate,
  type ExecutionLimitsInput,
  ExecutionPolicy,
} from '../../src/execution/index.ts';
import { type HeldOrder, type Level, deny } from '../../src/trading/index.ts';
import { heldOf } from '../support/orders.ts';
import { executionViewOf, marketOf } from '../support/views.ts';

const RUNS = { numRuns: 500 };

const bps = fc.integer({ min: 0, max: 300 });
const orOff = (arbitrary: fc.Arbitrary<number>) =>
  fc.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: fc.constant('none' as const) });
const pair = (arbitrary: fc.Arbitrary<number>) =>
  fc.record({ entry: orOff(arbitrary), exit: orOff(arbitrary) });

const limits = fc.record({
  spreadBps: pair(bps),
  depth: fc.record({ withinBps: bps, multiple: pair(fc.integer({ min: 0, max: 4 })) }),
  volumeFraction: pair(fc.constantFrom(0, 0.25, 0.5, 1)),
  slippage: fc.record({
    perOrderBps: pair(bps),
    perDay: fc.oneof(fc.constant('none' as const), fc.nat({ max: 5_000 }).map(String)),
  }),
  collarBps: fc.record({ entry: bps, exit: bps }),
}) satisfies fc.Arbitrary<ExecutionLimitsInput>;

/** Levels on one side of 1,000, best first: sorted, and sometimes none. */
const side = (sign: 1 | -1): fc.Arbitrary<readonly Level[]> =>
  fc
    .uniqueArray(
      fc.record({ away: fc.integer({ min: -1, max: 40 }), quantity: fc.integer({ min: 1, max: 40 }) }),
      {
        selector: ({ away }) => away,
        maxLength: 6,
      },
    )
    .map((levels) =>
      levels
        .toSorted((a, b) => a.away - b.away)
        .map(({ away, quantity }) => ({ price: ticks(1_000 + sign * away), quantity: lots(quantity) })),
    );

const orders: fc.Arbitrary<HeldOrder> = fc
  .record({
    side: fc.constantFrom<'buy' | 'sell'>('buy', 'sell'),
    isExit: fc.boolean(),
    qty: fc.integer({ min: 1, max: 60 }),
    worst: fc.integer({ min: 960, max: 1_040 }),
    postOnly: fc.boolean(),
    timeInForce: fc.constantFrom<'GTC' | 'IOC' | 'FOK'>('GTC', 'GTC', 'IOC', 'FOK'),
    bids: side(-1),
    asks: side(1),
    recentVolume: fc.integer({ min: 0, max: 200 }),
  })
  .map(({ bids, asks, recentVolume, ...order }) =>
    heldOf({ ...order, view: marketOf({ bids, asks, recentVolume: lots(recentVolume) }) }),
  );
const facts: fc.Arbitrary<ExecutionFacts> = fc
  .record({
    mark: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 970, max: 1_030 }) },
      { weight: 1, arbitrary: fc.constant(NaN) },
    ),
    isKnown: fc.boolean(),
  })
  .map(({ mark, isKnown }) =>
    executionViewOf({ mark: ticks(mark), seen: { has: () => isKnown && Number.isNaN(mark) } }),
  );

const gates: fc.Arbitrary<ExecutionGate> = fc
  .constantFrom<ExecutionGate['check']>(
    () => undefined,
    () => deny('further', 'ABOVE_MAXIMUM'),
    () => {
      throw new Error('broken');
    },
  )
  .map((check) => ({ name: 'further', check }));

/** Whether `a / b <= limit / of`, all whole numbers, `b` above 0: an arithmetic of its own. */
const atMost = (a: number, b: number, limit: number, of: number): boolean =>
  b > 0 && a >= 0 && BigInt(a) * BigInt(of) <= BigInt(limit) * BigInt(b);

describe('any order in any market', () => {
  test.prop([limits, orders, facts], RUNS)(
    'evaluating changes nothing, and says the same twice',
    (l, order, now) => {
      const policy = new ExecutionPolicy(l);
      expect(policy.evaluate(order, now)).toEqual(policy.evaluate(order, now));
    },
  );

  test.prop([limits, orders, facts, gates], RUNS)(
    'a further gate takes no denial away',
    (l, order, now, gate) => {
      const denials = new ExecutionPolicy(l).evaluate(order, now);
      const withGate = new ExecutionPolicy(l, { gates: [gate] }).evaluate(order, now);
      expect(withGate.slice(0, denials.length)).toEqual(denials);
    },
  );

  test.prop([limits, orders, facts, fc.nat()], RUNS)(
    'what passes at a quantity passes at every smaller one',
    (l, order, now, pick) => {
      const policy = new ExecutionPolicy(l);
      if (policy.evaluate(order, now).length > 0) return;
      const smaller = { ...order, qty: lots(1 + (pick % order.qty)) };
      expect(policy.evaluate(smaller, now)).toEqual([]);
    },
  );

  test.prop([orders, facts], RUNS)(
    'as it comes, an exit is stopped only by its price, its id, or crossing',
    (order, now) => {
      const denials = new ExecutionPolicy().evaluate({ ...order, isExit: true }, now);
      expect(
        denials.filter(({ gate }) => ['spread', 'depth', 'volume', 'slippage-budget'].includes(gate)),
      ).toEqual([]);
    },
  );

  test.prop([limits, orders, facts], RUNS)('the gates decide as whole numbers do', (l, order, now) => {
    const { isExit, side: mine, qty, worst, view } = order;
    const which = isExit ? 'exit' : 'entry';
    const far = mine === 'buy' ? view.asks : view.bids;
    const [bid = NaN, ask = NaN, touch = NaN] = [view.bids[0]?.price, view.asks[0]?.price, far[0]?.price];
    const near = far.filter(({ price }) => atMost(Math.abs(price - touch), touch, l.depth.withinBps, 10_000));
    const shown = near.reduce((sum, { quantity }) => sum + quantity, 0);
    const beyond = Math.max(mine === 'buy' ? worst - now.mark : now.mark - worst, 0);
    const isMarked = !Number.isNaN(now.mark);
    const expected = {
      'price-collar': isMarked && atMost(Math.abs(worst - now.mark), now.mark, l.collarBps[which], 10_000),
      spread:
        l.spreadBps[which] === 'none' ||
        (view.bids.length > 0 &&
          view.asks.length > 0 &&
          atMost(2 * (ask - bid), ask + bid, l.spreadBps[which], 10_000)),
      depth:
        l.depth.multiple[which] === 'none' ||
        (shown > 0 && atMost(l.depth.multiple[which] * qty, 1, shown, 1)),
      volume:
        l.volumeFraction[which] === 'none' || atMost(qty, view.recentVolume, l.volumeFraction[which] * 4, 4),
      'slippage-budget':
        (l.slippage.perOrderBps[which] === 'none' ||
          (isMarked && atMost(beyond, now.mark, l.slippage.perOrderBps[which], 10_000))) &&
        (isExit || l.slippage.perDay === 'none' || (isMarked && beyond * qty <= Number(l.slippage.perDay))),
    };
    const denied = new Set(new ExecutionPolicy(l).evaluate(order, now).map(({ gate }) => gate));
    const said = Object.fromEntries(Object.keys(expected).map((gate) => [gate, !denied.has(gate)]));
    expect(said).toEqual(expected);
  });

  test.prop(
    [
      fc.nat({ max: 500 }),
      fc.array(
        fc.record({ order: orders, mark: fc.integer({ min: 970, max: 1_030 }), day: fc.nat({ max: 3 }) }),
        {
          maxLength: 40,
          size: 'max',
        },
      ),
    ],
    RUNS,
  )('what entries of a day may slip in all stays within its budget', (perDay, asked) => {
    const open = { entry: 'none', exit: 'none' } as const;
    const policy = new ExecutionPolicy({
      spreadBps: open,
      depth: { multiple: open },
      volumeFraction: open,
      slippage: { perOrderBps: open, perDay: String(perDay) },
      collarBps: { entry: 10_000, exit: 10_000 },
    });
    const spent = new Map<string, number>();
    for (const { order, mark, day } of asked.toSorted((a, b) => a.day - b.day)) {
      const dayId = `2026-01-0${day + 1}`;
      const now = executionViewOf({ dayId, mark: ticks(mark) });
      if (policy.evaluate(order, now).length > 0) continue;
      policy.spend(order, now);
      if (order.isExit) continue;
      const beyond = Math.max(order.side === 'buy' ? order.worst - mark : mark - order.worst, 0);
      spent.set(dayId, (spent.get(dayId) ?? 0) + beyond * order.qty);
    }
    expect([...spent.values()].every((money) => money <= perDay)).toBe(true);
  });
});
