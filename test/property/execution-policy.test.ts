import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { lots, ticks } from '../../src/core/index.ts';
import {
  type ExecutionFacts,
  type ExecutionGate,
  type ExecutionLimitsInput,
  ExecutionPolicy,
  parseExecutionLimits,
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
    perStrategyDay: fc.oneof(
      fc.constant('none' as const),
      fc.nat({ max: 5_000 }).map(String),
      fc.nat({ max: 5_000 }).map((money) => ({ alpha: String(money), beta: 'none' as const })),
    ),
  }),
  collarBps: fc.record({ entry: bps, exit: bps }),
  spreadMedian: fc.record({
    multiple: pair(fc.integer({ min: 1, max: 4 })),
    minSamples: fc.integer({ min: 1, max: 4 }),
  }),
  periodCollarBps: pair(bps),
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
    strategyId: fc.constantFrom('alpha', 'beta', 'gamma'),
    side: fc.constantFrom<'buy' | 'sell'>('buy', 'sell'),
    isExit: fc.boolean(),
    qty: fc.integer({ min: 1, max: 60 }),
    worst: fc.integer({ min: 960, max: 1_040 }),
    postOnly: fc.boolean(),
    timeInForce: fc.constantFrom<'GTC' | 'IOC' | 'FOK'>('GTC', 'GTC', 'IOC', 'FOK'),
    bids: side(-1),
    asks: side(1),
    recentVolume: fc.integer({ min: 0, max: 200 }),
    recentSpread: fc.option(
      fc.record({
        // Whole numbers of ticks on a middle of 1,000, so that a median may be met exactly.
        medianBps: fc.nat({ max: 8 }).map((tick) => tick * 10),
        samples: fc.nat({ max: 5 }),
        windowMs: fc.constant(300_000),
      }),
    ),
    recentMarks: fc.option(
      fc
        .record({ low: fc.integer({ min: 970, max: 1_030 }), width: fc.nat({ max: 30 }) })
        .map(({ low, width }) => ({ low: ticks(low), high: ticks(low + width), windowMs: 300_000 })),
    ),
  })
  .map(({ bids, asks, recentVolume, recentSpread, recentMarks, ...order }) => {
    const view = marketOf({
      bids,
      asks,
      recentVolume: lots(recentVolume),
      ...(recentSpread && { recentSpread }),
      ...(recentMarks && { recentMarks }),
    });
    return heldOf({ ...order, view });
  });
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

const strategyBudget = (
  { slippage: { perStrategyDay } }: { readonly slippage: { readonly perStrategyDay: unknown } },
  strategyId: string,
): unknown =>
  typeof perStrategyDay === 'object'
    ? (perStrategyDay as Record<string, unknown>)[strategyId]
    : perStrategyDay;
const isMarkedWithin = (budget: unknown, isMarked: boolean, money: number): boolean =>
  budget === 'none' || (isMarked && money <= Number(budget));

/** Whether `a / b <= limit / of`, all whole numbers, `b` above 0: an arithmetic of its own. */
const atMost = (a: number, b: number, limit: number, of: number): boolean =>
  b > 0 && a >= 0 && BigInt(a) * BigInt(of) <= BigInt(limit) * BigInt(b);

/** Names of gates that are to be passed over; those of the seven change nothing. */
const skips = fc.uniqueArray(fc.constantFrom('spread-median', 'period-collar', 'spread', 'price-collar'));
const named = (denials: readonly { readonly gate: string }[]): ReadonlySet<string> =>
  new Set(denials.map(({ gate }) => gate));

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

  test.prop([limits, fc.option(limits), orders, facts, gates], RUNS)(
    'an explanation denies where the verdict does, with the same facts, and has an entry for every gate',
    (l, besides, order, now, gate) => {
      const policy = new ExecutionPolicy(l, { gates: [gate] });
      if (besides !== null) policy.tighten(parseExecutionLimits(besides));
      const explanation = policy.explain(order, now);
      const denied = explanation.filter(({ outcome }) => outcome === 'denied');
      expect(denied).toEqual(policy.evaluate(order, now).map((denial) => ({ ...denial, outcome: 'denied' })));
      const all = policy.status().map((count) => count.gate);
      expect([...new Set(explanation.map((entry) => entry.gate))]).toEqual(all);
      if (besides === null) expect(explanation).toHaveLength(all.length);
    },
  );

  test.prop([limits, limits, orders, facts], RUNS)(
    'limits that tighten deny what the old or the new ones deny, and those adopted what the new ones do',
    (l, next, order, now) => {
      const policy = new ExecutionPolicy(l);
      const [before, after] = [l, next].map((each) => new ExecutionPolicy(each).evaluate(order, now));
      policy.tighten(parseExecutionLimits(next));
      expect(named(policy.evaluate(order, now))).toEqual(named([...(before ?? []), ...(after ?? [])]));
      policy.withdraw();
      expect(policy.evaluate(order, now)).toEqual(before);
      policy.adopt(parseExecutionLimits(next));
      expect(policy.evaluate(order, now)).toEqual(after);
    },
  );

  test.prop([limits, orders, facts, skips], RUNS)(
    'what is passed over is as if it were not configured',
    (l, order, now, skip) => {
      const { spreadMedian, periodCollarBps, ...mandatory } = l;
      const without = new ExecutionPolicy({
        ...mandatory,
        ...(!skip.includes('spread-median') && { spreadMedian }),
        ...(!skip.includes('period-collar') && { periodCollarBps }),
      });
      expect(new ExecutionPolicy(l).evaluate(order, now, undefined, new Set(skip))).toEqual(
        without.evaluate(order, now),
      );
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
        (isExit || l.slippage.perDay === 'none' || (isMarked && beyond * qty <= Number(l.slippage.perDay))) &&
        (isExit || isMarkedWithin(strategyBudget(l, order.strategyId), isMarked, beyond * qty)),
      'spread-median':
        l.spreadMedian.multiple[which] === 'none' ||
        ((view.recentSpread?.samples ?? 0) < l.spreadMedian.minSamples
          ? isExit
          : ask - bid >= 0 &&
            (ask === bid ||
              // spread / median <= multiple, where the median is in bps of the middle
              2 * (ask - bid) * 10_000 <=
                l.spreadMedian.multiple[which] * (view.recentSpread?.medianBps ?? NaN) * (ask + bid))),
      'period-collar':
        l.periodCollarBps[which] === 'none' ||
        (view.recentMarks === undefined
          ? isExit
          : atMost(
              Math.max(worst - view.recentMarks.high, 0),
              view.recentMarks.high,
              l.periodCollarBps[which],
              10_000,
            ) &&
            atMost(
              Math.max(view.recentMarks.low - worst, 0),
              view.recentMarks.low,
              l.periodCollarBps[which],
              10_000,
            )),
    };
    const denied = new Set(new ExecutionPolicy(l).evaluate(order, now).map(({ gate }) => gate));
    const said = Object.fromEntries(Object.keys(expected).map((gate) => [gate, !denied.has(gate)]));
    expect(said).toEqual(expected);
  });

  test.prop(
    [
      fc.nat({ max: 500 }),
      fc.nat({ max: 300 }),
      fc.array(
        fc.record({
          order: orders,
          mark: fc.integer({ min: 970, max: 1_030 }),
          day: fc.nat({ max: 3 }),
          restarts: fc.boolean(),
        }),
        { maxLength: 40, size: 'max' },
      ),
    ],
    RUNS,
  )(
    'what entries of a day may slip stays within its budget, and within that of each strategy, over restarts',
    (perDay, perStrategyDay, asked) => {
      const open = { entry: 'none', exit: 'none' } as const;
      const started = () =>
        new ExecutionPolicy({
          spreadBps: open,
          depth: { multiple: open },
          volumeFraction: open,
          slippage: {
            perOrderBps: open,
            perDay: String(perDay),
            perStrategyDay: String(perStrategyDay),
          },
          collarBps: { entry: 10_000, exit: 10_000 },
        });
      let policy = started();
      const spent = new Map<string, number>();
      const count = (key: string, money: number) => spent.set(key, (spent.get(key) ?? 0) + money);
      for (const { order, mark, day, restarts } of asked.toSorted((a, b) => a.day - b.day)) {
        const dayId = `2026-01-0${day + 1}`;
        const now = executionViewOf({ dayId, mark: ticks(mark) });
        if (restarts) {
          const was = JSON.stringify(policy.spentOn(dayId));
          policy = started();
          policy.restoreSpent(dayId, JSON.parse(was) as ReturnType<typeof policy.spentOn>);
        }
        if (policy.evaluate(order, now).length > 0) continue;
        policy.spend(order, now);
        if (order.isExit) continue;
        const beyond = Math.max(order.side === 'buy' ? order.worst - mark : mark - order.worst, 0);
        count(dayId, beyond * order.qty);
        count(`${dayId} ${order.strategyId}`, beyond * order.qty);
      }
      const over = [...spent].filter(([key, money]) => money > (key.includes(' ') ? perStrategyDay : perDay));
      expect(over).toEqual([]);
    },
  );
});
