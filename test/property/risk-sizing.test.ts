import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Ticks, type Units, ticks, units } from '../../src/core/index.ts';
import { type Sized, atrRisk, fixedFractional, kelly, volatilityTarget } from '../../src/risk/index.ts';
import type { Instrument } from '../../src/trading/index.ts';
import { instrumentOf } from '../support/orders.ts';

const RUNS = { numRuns: 500 };

const instruments = fc
  .record({
    tick: fc.constantFrom('1', '0.01', '0.25', '0.00001'),
    step: fc.constantFrom('1', '0.001', '0.00007'),
    multiplier: fc.constantFrom('1', '50', '0.3'),
    minSteps: fc.constantFrom(1, 1, 5, 100),
    maxSteps: fc.constantFrom(1_000, 10 ** 6, 10 ** 9),
    minNotional: fc.constantFrom('0', '0', '5', '1000'),
  })
  .map(({ tick, step, multiplier, minSteps, maxSteps, minNotional }) => {
    const places = step.split('.')[1]?.length ?? 0;
    const times = (steps: number) => {
      const digits = String(Number(step.replace('.', '')) * steps).padStart(places + 1, '0');
      return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
    };
    return instrumentOf({
      tick,
      step,
      multiplier,
      minNotional,
      minQuantity: times(minSteps),
      maxQuantity: times(maxSteps),
    });
  });

const equities = fc.integer({ min: 1, max: 9e15 }).map(units);
const prices = fc.integer({ min: 1, max: 1e9 }).map(ticks);
const shares = fc.double({ min: 1e-6, max: 1, noNaN: true });
const statistics = fc.double({ min: 1e-9, max: 1e3, noNaN: true });
const leverages = fc.double({ min: 0.01, max: 100, noNaN: true });
/** What must not make anything larger. */
const rubbish = fc.constantFrom(NaN, 0, -0, -1, -1e300, Infinity, -Infinity);
/** A worse input is this many times larger or smaller. */
const factors = fc.double({ min: 1, max: 1e6, noNaN: true });

/** Millionths of a quantity at a price, times the denominator of the grid: exactly. */
const cost = (instrument: Instrument, quantity: number, price: number): bigint =>
  BigInt(quantity) * BigInt(price) * BigInt(instrument.grid.numerator);
const room = (instrument: Instrument, amount: Units): bigint =>
  BigInt(amount) * BigInt(instrument.grid.denominator);
const capOf = (equity: Units, leverage: number): Units =>
  units(Math.min(Math.floor(equity * leverage), Number.MAX_SAFE_INTEGER));

interface Limits {
  readonly instrument: Instrument;
  readonly price: Ticks;
  readonly riskPerUnit: number;
  readonly cap: Units;
}

/** Whole numbers all the way: nothing is spent that was not allowed, nothing is left that was, and the bound is the one. */
function expectTight(sized: Sized, { instrument, price, riskPerUnit, cap }: Limits): void {
  const { quantity, bound, budget } = sized;
  const { minQuantity, maxQuantity, minNotional } = instrument;
  const fits = {
    risk: (n: number) => cost(instrument, n, riskPerUnit) <= room(instrument, budget),
    cap: (n: number) => cost(instrument, n, price) <= room(instrument, cap),
    maxQuantity: (n: number) => n <= maxQuantity,
  };
  const all = (n: number) => fits.risk(n) && fits.cap(n) && fits.maxQuantity(n);
  expect(Number.isSafeInteger(quantity) && quantity >= 0).toBe(true);
  expect(all(quantity)).toBe(true);
  if (bound === 'risk' || bound === 'cap' || bound === 'maxQuantity') {
    expect(quantity >= minQuantity).toBe(true);
    expect(cost(instrument, quantity, price) >= room(instrument, minNotional)).toBe(true);
    expect(fits[bound](quantity + 1)).toBe(false);
  } else {
    expect(quantity).toBe(0);
    if (bound === 'minQuantity') expect(all(minQuantity)).toBe(false);
    // The smallest quantity that is worth enough does not fit.
    if (bound === 'minNotional') {
      const per = cost(instrument, 1, price);
      const least = Number((room(instrument, minNotional) + per - 1n) / per);
      expect(all(Math.max(least, minQuantity))).toBe(false);
    }
  }
}

describe('fixedFractional', () => {
  const cases = [instruments, equities, prices, prices, shares, leverages] as const;

  test.prop([...cases], RUNS)(
    'spends what the budget allows and no more',
    (instrument, equity, entry, stop, riskFraction, maxLeverage) => {
      const sized = fixedFractional({ riskFraction, maxLeverage })({ instrument, equity, entry, stop });
      if (entry === stop) return;
      expect(sized.budget <= equity * riskFraction).toBe(true);
      const riskPerUnit = Math.abs(entry - stop);
      expectTight(sized, { instrument, price: entry, riskPerUnit, cap: capOf(equity, maxLeverage) });
    },
  );

  test.prop([...cases, factors], RUNS)(
    'is never larger with less to risk, less equity or a stop further away',
    (instrument, equity, entry, stop, riskFraction, maxLeverage, factor) => {
      const size = fixedFractional({ riskFraction, maxLeverage });
      const { quantity } = size({ instrument, equity, entry, stop });
      const less = fixedFractional({ riskFraction: riskFraction / factor, maxLeverage });
      const further = ticks(entry + Math.max(1, Math.ceil(Math.abs(entry - stop) * factor)));
      const worse = [
        less({ instrument, equity, entry, stop }),
        size({ instrument, equity: units(Math.floor(equity / factor)), entry, stop }),
        ...(entry === stop ? [] : [size({ instrument, equity, entry, stop: further })]),
      ];
      for (const sized of worse) expect(sized.quantity).toBeLessThanOrEqual(quantity);
    },
  );

  test.prop([...cases, rubbish, fc.constantFrom('equity', 'entry', 'stop')], RUNS)(
    'is nothing on rubbish, and says which',
    (instrument, equity, entry, stop, riskFraction, maxLeverage, bad, which) => {
      const input = { instrument, equity, entry, stop, [which]: bad };
      expect(fixedFractional({ riskFraction, maxLeverage })(input)).toMatchObject({
        quantity: 0,
        bound: 'input',
        input: which,
      });
    },
  );
});

describe('atrRisk', () => {
  const cases = [instruments, equities, prices, statistics, shares, leverages] as const;

  test.prop([...cases], RUNS)(
    'spends what the budget allows and no more, at a distance not shorter than asked',
    (instrument, equity, price, atr, riskFraction, maxLeverage) => {
      const sized = atrRisk({ riskFraction, maxLeverage, multiple: 2 })({ instrument, equity, price, atr });
      const { tick } = instrument.grid;
      const riskPerUnit = Math.max(1, Math.ceil(((2 * atr) / tick.mantissa) * 10 ** tick.places));
      expect(riskPerUnit * Number(tick.value.toFixed())).toBeGreaterThanOrEqual(2 * atr * (1 - 1e-12));
      expectTight(sized, { instrument, price, riskPerUnit, cap: capOf(equity, maxLeverage) });
    },
  );

  test.prop([...cases, factors], RUNS)(
    'is never larger in a wider range, with less to risk, or a wider multiple',
    (instrument, equity, price, atr, riskFraction, maxLeverage, factor) => {
      const size = atrRisk({ riskFraction, maxLeverage, multiple: 1 });
      const { quantity } = size({ instrument, equity, price, atr });
      const worse = [
        size({ instrument, equity, price, atr: atr * factor }),
        atrRisk({ riskFraction: riskFraction / factor, maxLeverage, multiple: 1 })({
          instrument,
          equity,
          price,
          atr,
        }),
        atrRisk({ riskFraction, maxLeverage, multiple: Math.min(100, factor) })({
          instrument,
          equity,
          price,
          atr,
        }),
      ];
      for (const sized of worse) expect(sized.quantity).toBeLessThanOrEqual(quantity);
    },
  );
});

describe('volatilityTarget', () => {
  const cases = [instruments, equities, prices, statistics, shares, leverages] as const;
  const periodsPerYear = 365;

  test.prop([...cases], RUNS)(
    'invests what the budget allows and no more',
    (instrument, equity, price, sigma, targetVolatility, maxLeverage) => {
      const size = volatilityTarget({ targetVolatility, periodsPerYear, maxLeverage });
      const sized = size({ instrument, equity, price, sigma });
      expect(sized.budget * sigma * Math.sqrt(periodsPerYear)).toBeLessThanOrEqual(
        equity * targetVolatility * (1 + 1e-12),
      );
      expectTight(sized, { instrument, price, riskPerUnit: price, cap: capOf(equity, maxLeverage) });
    },
  );

  test.prop([...cases, factors], RUNS)(
    'is never larger in a wilder market or for a lower target',
    (instrument, equity, price, sigma, targetVolatility, maxLeverage, factor) => {
      const size = volatilityTarget({ targetVolatility, periodsPerYear, maxLeverage });
      const { quantity } = size({ instrument, equity, price, sigma });
      const calmer = volatilityTarget({
        targetVolatility: targetVolatility / factor,
        periodsPerYear,
        maxLeverage,
      });
      const worse = [
        size({ instrument, equity, price, sigma: sigma * factor }),
        calmer({ instrument, equity, price, sigma }),
      ];
      for (const sized of worse) expect(sized.quantity).toBeLessThanOrEqual(quantity);
    },
  );
});

describe('kelly', () => {
  const cases = [
    instruments,
    equities,
    prices,
    statistics,
    statistics,
    fc.integer({ min: 2, max: 1e6 }),
    shares,
    shares,
  ] as const;

  test.prop([...cases], RUNS)(
    'invests what budget and cap allow and no more, and never more than full Kelly',
    (instrument, equity, price, mean, variance, sampleSize, kellyFraction, maxFraction) => {
      const size = kelly({ kellyFraction, maxFraction });
      const sized = size({ instrument, equity, price, mean, variance, sampleSize });
      expect(sized.fraction).toBeLessThanOrEqual(((kellyFraction * mean) / variance) * (1 + 1e-12));
      // A mean within a standard error is no edge.
      const errors = mean / Math.sqrt(variance / sampleSize);
      if (errors < 1 - 1e-9) expect(sized.bound).toBe('edge');
      if (errors > 1 + 1e-9) expect(sized.bound).not.toBe('edge');
      expectTight(sized, { instrument, price, riskPerUnit: price, cap: capOf(equity, maxFraction) });
    },
  );

  test.prop([...cases, factors], RUNS)(
    'is never larger with a smaller mean, more variance, fewer trades or less of it',
    (instrument, equity, price, mean, variance, sampleSize, kellyFraction, maxFraction, factor) => {
      const size = kelly({ kellyFraction, maxFraction });
      const good = { instrument, equity, price, mean, variance, sampleSize };
      const { quantity } = size(good);
      const worse = [
        size({ ...good, mean: mean / factor }),
        size({ ...good, variance: variance * factor }),
        size({ ...good, sampleSize: Math.max(2, Math.floor(sampleSize / factor)) }),
        kelly({ kellyFraction: kellyFraction / factor, maxFraction })(good),
        kelly({ kellyFraction, maxFraction: maxFraction / factor })(good),
      ];
      for (const sized of worse) expect(sized.quantity).toBeLessThanOrEqual(quantity);
    },
  );

  test.prop([...cases, rubbish, fc.constantFrom('equity', 'price', 'mean', 'variance', 'sampleSize')], RUNS)(
    'is nothing on rubbish',
    (instrument, equity, price, mean, variance, sampleSize, kellyFraction, maxFraction, bad, which) => {
      const input = { instrument, equity, price, mean, variance, sampleSize, [which]: bad };
      expect(kelly({ kellyFraction, maxFraction })(input).quantity).toBe(0);
    },
  );
});
