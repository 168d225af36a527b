import Big from 'big.js';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  ManualClock,
  createGrid,
  decimal,
  fit,
  increment,
  lots,
  notional,
  notionalDown,
  positionValue,
  ticks,
  toGrid,
  toText,
  units,
  unitsFloor,
} from '../../src/core/index.ts';

// An arithmetic of its own, loose and with other settings than ours.
const Exact = Big();
Exact.DP = 60;
const MILLION = new Exact('1000000');
const TOP = Number.MAX_SAFE_INTEGER;

const down = (x: Big): Big => {
  const cut = x.round(0, 0);
  return cut.gt(x) ? cut.minus(1) : cut;
};
const up = (x: Big): Big => {
  const cut = x.round(0, 0);
  return cut.lt(x) ? cut.plus(1) : cut;
};
const inRange = (x: Big): number => (x.abs().lte(TOP) ? Number(x.toFixed()) : x.lt(0) ? -Infinity : Infinity);

const mantissas = fc.constantFrom(1, 2, 5, 25, 125, 7, 10, 100);
const incrementText = fc
  .tuple(mantissas, fc.integer({ min: 0, max: 5 }))
  .map(([mantissa, places]) => new Exact(mantissa).times(new Exact(10).pow(-places)).toFixed());
/** Small, middling and huge, so that the float and the bigint path are both taken. */
const counts = fc.oneof(
  fc.integer({ min: 0, max: 1_000 }),
  fc.integer({ min: 0, max: 1_000_000_000 }),
  fc.maxSafeNat(),
);
const cases = fc.record({
  tick: incrementText,
  step: incrementText,
  multiplier: fc.constantFrom('1', '10', '0.1', '100', '0.001', '3'),
  quantity: counts,
  price: counts,
});

const moneyOf = ({
  tick,
  step,
  multiplier,
  quantity,
  price,
}: (typeof cases)['generate'] extends (...args: never[]) => { value: infer T } ? T : never): Big =>
  new Exact(tick).times(step).times(multiplier).times(String(quantity)).times(String(price)).times(MILLION);

describe('money against big.js, 20,000 cases', () => {
  test.prop([cases], { numRuns: 20_000 })('notional rounds up, notionalDown rounds down', (c) => {
    const grid = createGrid(c.tick, c.step, c.multiplier);
    const exact = moneyOf(c);
    expect([
      notional(grid, lots(c.quantity), ticks(c.price)),
      notionalDown(grid, lots(c.quantity), ticks(c.price)),
    ]).toEqual([inRange(up(exact)), inRange(down(exact))]);
  });

  test.prop([cases, fc.boolean()], { numRuns: 20_000 })(
    'positionValue floors longs and shorts',
    (c, short) => {
      const grid = createGrid(c.tick, c.step, c.multiplier);
      const exact = short ? moneyOf(c).neg() : moneyOf(c);
      const position = short && c.quantity > 0 ? -c.quantity : c.quantity;
      const value = positionValue(grid, lots(position), ticks(c.price));
      expect(value === 0 ? 0 : value).toBe(exact.eq(0) ? 0 : inRange(down(exact)));
    },
  );

  test.prop([cases, counts], { numRuns: 20_000 })('fit is the largest quantity that fits', (c, room) => {
    fc.pre(c.price > 0);
    const grid = createGrid(c.tick, c.step, c.multiplier);
    const most = fit(grid, units(room), ticks(c.price));
    const costs = (quantity: number): Big => up(moneyOf({ ...c, quantity }));
    expect(costs(most).lte(room)).toBe(true);
    expect(most === TOP || costs(most + 1).gt(room)).toBe(true);
  });

  test.prop([fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), fc.integer({ min: 0, max: 20 })], {
    numRuns: 5_000,
  })('unitsFloor never rounds in favour of the trader', (digits, places) => {
    const exact = new Exact(String(digits)).times(new Exact(10).pow(-places));
    const expected = inRange(down(exact.times(MILLION)));
    expect(unitsFloor(decimal(exact.toFixed()))).toBe(expected === 0 ? 0 : expected);
  });
});

describe('text and grid', () => {
  const digits = (maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...Array.from('0123456789009')), minLength: 1, maxLength });
  const plain = fc
    .tuple(digits(18), fc.option(digits(16), { nil: undefined }))
    .map(([whole, rest]) => (rest === undefined ? whole : `${whole}.${rest}`));

  test.prop([plain, incrementText], { numRuns: 20_000 })(
    'agrees with big.js in every rounding',
    (text, step) => {
      const ratio = new Exact(text).div(step);
      // A text whose digits alone leave the safe range is refused, whatever the increment.
      const { places } = increment(step);
      const fits = new Exact(text).times(new Exact(10).pow(places)).round(0, 0).lte(TOP);
      const safe = (x: Big): number => (fits && x.lte(TOP) ? Number(x.toFixed()) : NaN);
      const grid = increment(step);
      expect([toGrid(text, grid, 'down'), toGrid(text, grid, 'up'), toGrid(text, grid, 'exact')]).toEqual([
        safe(down(ratio)),
        safe(up(ratio)),
        ratio.eq(down(ratio)) ? safe(ratio) : NaN,
      ]);
    },
  );

  const garbage = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: fc.constantFrom(...Array.from('0123456789.e+-x _１')), maxLength: 8 }),
  );
  test.prop([garbage], { numRuns: 20_000 })('is NaN for whatever is not a plain decimal', (text) => {
    const isPlain = /^[0-9]+(\.[0-9]+)?$/.test(text);
    expect(Number.isNaN(toGrid(text, increment('1'), 'down'))).toBe(!isPlain);
  });

  test.prop([counts, incrementText], { numRuns: 10_000 })(
    'toText and toGrid undo each other',
    (count, step) => {
      const grid = increment(step);
      fc.pre(Number.isSafeInteger(count * grid.mantissa));
      expect(toGrid(toText(count, grid), grid, 'exact')).toBe(count);
    },
  );

  test.prop([fc.maxSafeInteger(), incrementText], { numRuns: 10_000 })(
    'toText agrees with big.js',
    (count, step) => {
      const grid = increment(step);
      expect(toText(count, grid)).toBe(
        new Exact(step)
          .times(String(count))
          .toFixed(grid.places)
          .replace(/^-(?=0(\.0+)?$)/, ''),
      );
    },
  );
});

describe('ManualClock', () => {
  const delays = fc.array(fc.nat({ max: 50 }), { maxLength: 30, size: 'max' });

  test.prop([delays, fc.nat({ max: 60 })])('fires exactly what is due, in order', (waits, untilMs) => {
    const clock = new ManualClock(1_000);
    const fired: number[] = [];
    waits.forEach((ms, index) => clock.deadline(ms, () => fired.push(index)));
    clock.advance(untilMs);
    const due = waits.map((ms, index) => ({ ms, index })).filter(({ ms }) => ms <= untilMs);
    expect(fired).toEqual(due.sort((a, b) => a.ms - b.ms || a.index - b.index).map(({ index }) => index));
  });

  test.prop([fc.array(fc.double({ min: 0, max: 86_400_000, noNaN: true }), { maxLength: 50, size: 'max' })])(
    'reaches fractional wall times exactly, and never goes back',
    (offsets) => {
      const start = 1_723_075_200_000;
      const clock = new ManualClock(start);
      let before = 0;
      for (const offset of [...offsets].sort((a, b) => a - b)) {
        clock.advanceTo(start + offset);
        expect(clock.nowMs()).toBe(start + offset);
        expect(clock.monotonicMs()).toBeGreaterThanOrEqual(before);
        before = clock.monotonicMs();
      }
    },
  );
});
