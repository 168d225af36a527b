import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Decimal, ZERO, createGrid, decimal, lots, person } from '../../src/core/index.ts';
import { EquityCurve, statement } from '../../src/portfolio/index.ts';
import { type Applied, Book, type Instrument, type Side } from '../../src/trading/index.ts';
import { GOLD, bookedOf, eventOf, fillOf, markOf } from '../trading/builders.ts';

const fine: Instrument = { ...GOLD, instrumentId: 'FINE', grid: createGrid('0.0025', '0.0003', '7') };
const INSTRUMENTS = [GOLD, fine] as const;

const instrument = fc.constantFrom(...INSTRUMENTS);
const cents = (min: number, max: number) =>
  fc.integer({ min, max }).map((n) => decimal(BigInt(n)).div('1000').toFixed());
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('fill' as const),
      instrument,
      side: fc.constantFrom<Side>('buy', 'sell'),
      quantity: fc.integer({ min: 1, max: 1_000 }),
      price: cents(1, 10 ** 8),
      fee: cents(-500, 5_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('mark' as const),
      instrument,
      ticks: fc.integer({ min: 1, max: 10 ** 7 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('flow' as const), amount: cents(-10_000, 10_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('adjust' as const),
      instrument,
      quantity: fc.integer({ min: -1_000, max: 1_000 }),
      price: cents(1, 10 ** 8),
      cash: cents(-10_000, 10_000),
      /** Few, so that some are made twice. */
      adjustmentId: fc.constantFrom('a', 'b', 'c', 'd'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('external' as const),
      instrument,
      side: fc.constantFrom<Side>('buy', 'sell'),
      quantity: fc.integer({ min: 1, max: 1_000 }),
      price: cents(1, 10 ** 8),
      fee: cents(-500, 5_000),
      executionId: fc.constantFrom('x', 'y', 'z'),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Whether it counts: what would take money out of the range in which it is exact does not. */
function apply(book: Book, change: Step, serial: number): boolean {
  switch (change.do) {
    case 'fill': {
      const { instrument: traded, side, quantity, price, fee } = change;
      const id = String(serial);
      const order = bookedOf(id, side, quantity, { instrument: traded });
      book.hold(order);
      book.keep(order);
      return isBooked(book.apply(eventOf('filled', id, { fill: fillOf(id, quantity, price, fee) })));
    }
    case 'mark':
      book.mark(markOf(change.ticks, change.instrument.instrumentId));
      return true;
    case 'adjust': {
      const { adjustmentId, quantity, cash } = change;
      const position = {
        instrument: change.instrument,
        qty: lots(quantity),
        price: decimal(change.price),
      };
      const adjusted = book.adjust({
        adjustmentId,
        accountId: 'acc',
        cash: decimal(cash),
        ...(quantity !== 0 && { position }),
      });
      return adjusted !== 'unsafe';
    }
    case 'external': {
      const { instrument: traded, side, quantity, price, fee, executionId } = change;
      const order = bookedOf(`external ${String(serial)}`, side, quantity, { instrument: traded });
      return isBooked(book.external(order, fillOf(`foreign ${executionId}`, quantity, price, fee), 0));
    }
    case 'flow':
      book.flow('acc', change.amount, person('ada'), 'test');
      return true;
  }
}

const isBooked = (applied: Applied): boolean =>
  !(typeof applied === 'object' && applied.anomaly === 'FILL_INVALID');

const total = (parts: readonly Decimal[]): Decimal => parts.reduce((sum, part) => sum.plus(part), ZERO);
const known = (part: Decimal | undefined): Decimal[] => (part === undefined ? [] : [part]);

/** What is true, from the steps alone: cash by adding up what was paid, value by counting what is held. */
function recompute(steps: readonly Step[]) {
  let cash = decimal('1000000');
  const held = new Map<string, Decimal>();
  const marks = new Map<string, Decimal>();
  const once = new Set<string>();
  for (const change of steps) {
    if (change.do === 'adjust') {
      const { instrumentId, grid } = change.instrument;
      if (once.has(change.adjustmentId)) continue;
      once.add(change.adjustmentId);
      cash = cash.plus(change.cash);
      const size = grid.step.value.times(String(change.quantity)).times(grid.multiplier);
      held.set(instrumentId, (held.get(instrumentId) ?? ZERO).plus(size));
      continue;
    }
    if (change.do === 'external') {
      const execution = `${change.instrument.instrumentId} ${change.executionId}`;
      if (once.has(execution)) continue;
      once.add(execution);
    }
    if (change.do === 'flow') cash = cash.plus(change.amount);
    else if (change.do === 'mark') {
      const { instrumentId, grid } = change.instrument;
      marks.set(instrumentId, grid.tick.value.times(String(change.ticks)));
    } else {
      const { instrumentId, grid } = change.instrument;
      const size = grid.step.value.times(String(change.quantity)).times(grid.multiplier);
      const bought = change.side === 'buy' ? size : size.neg();
      cash = cash.minus(bought.times(change.price)).minus(change.fee);
      held.set(instrumentId, (held.get(instrumentId) ?? ZERO).plus(bought));
    }
  }
  let equity: Decimal | undefined = cash;
  for (const [instrumentId, size] of held) {
    if (size.eq('0')) continue;
    const mark = marks.get(instrumentId);
    equity = mark === undefined ? undefined : equity?.plus(size.times(mark));
    if (equity === undefined) break;
  }
  return { cash, equity };
}

describe('a statement', () => {
  test.prop([fc.array(step, { maxLength: 60, size: 'max' })], { numRuns: 500 })(
    'conserves to the last digit: equity = flows + adjusted + realised + unrealised - fees = cash + value, after every history',
    (steps) => {
      const book = new Book();
      book.openAccount('acc', 'USDT', '1000000');
      const counted = steps.filter((change, serial) => apply(book, change, serial));
      const found = statement(book, 'acc');
      if (found === undefined) throw new Error('no account');
      const { cash, flows, adjusted, realised, unrealised, fees, equity, positions } = found;
      const truth = recompute(counted);

      expect(cash.toFixed()).toBe(truth.cash.toFixed());
      expect(equity?.toFixed()).toBe(truth.equity?.toFixed());
      expect(realised.toFixed()).toBe(total(positions.map((one) => one.realised)).toFixed());
      expect(fees.toFixed()).toBe(total(positions.map((one) => one.fees)).toFixed());
      const missing = positions.some(({ quantity, mark }) => Number(quantity) !== 0 && mark === undefined);
      expect([equity === undefined, unrealised === undefined]).toEqual([missing, missing]);
      if (equity === undefined || unrealised === undefined) return;
      expect(equity.toFixed()).toBe(
        flows.plus(adjusted).plus(realised).plus(unrealised).minus(fees).toFixed(),
      );
      expect(equity.toFixed()).toBe(
        cash.plus(total(positions.flatMap(({ value }) => known(value)))).toFixed(),
      );
      expect(unrealised.toFixed()).toBe(total(positions.flatMap((one) => known(one.unrealised))).toFixed());
    },
  );
});

describe('an equity curve', () => {
  const sample = fc.record({
    afterMs: fc.integer({ min: 0, max: 30 }),
    equity: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 1, max: 1_000 }) },
      { weight: 1, arbitrary: fc.constant(NaN) },
    ),
  });

  test.prop([fc.array(sample, { maxLength: 60, size: 'max' }), fc.integer({ min: 1, max: 40 })], {
    numRuns: 500,
  })('is what a look over all samples gives', (samples, intervalMs) => {
    const curve = new EquityCurve({ intervalMs });
    const taken: { timeMs: number; equity: number }[] = [];
    let timeMs = 0;
    for (const { afterMs, equity } of samples) {
      timeMs += afterMs;
      curve.add(timeMs, equity);
      if (!Number.isNaN(equity)) taken.push({ timeMs, equity });
    }
    const lasts = new Map(taken.map((one) => [Math.floor(one.timeMs / intervalMs), one]));
    expect(curve.times).toEqual([...lasts.values()].map((one) => one.timeMs));
    expect(curve.values).toEqual([...lasts.values()].map((one) => one.equity));
    const falls = taken.flatMap((trough, i) =>
      taken.slice(0, i).map((peak) => (peak.equity - trough.equity) / peak.equity),
    );
    expect(curve.maxDrawdown.fraction).toBe(Math.max(0, ...falls));
  });
});
