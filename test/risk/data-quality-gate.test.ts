import { describe, expect, test } from 'vitest';
import { ticks } from '../../src/core/index.ts';
import { type RiskView, dataQualityGate } from '../../src/risk/index.ts';
import type { DataProblem, MarketView } from '../../src/trading/index.ts';
import { type PricedOverrides, pricedOf } from '../support/orders.ts';
import { accountOf, marketOf, riskViewOf } from '../support/views.ts';

const gateOf = () => dataQualityGate({ maxDataAgeMs: 1_000, maxMarkAgeMs: 60_000, exitCollarBps: 500 });

interface Case {
  readonly order?: PricedOverrides;
  readonly market?: Partial<MarketView>;
  readonly view?: Partial<RiskView>;
}
const ask = ({ order = {}, market = {}, view = {} }: Case) =>
  gateOf().check(pricedOf(order), riskViewOf({ market: marketOf(market), ...view }));

const at = (monotonicMs: number, markMs = 0): Partial<RiskView> => ({
  monotonicMs,
  mark: { price: ticks(100), monotonicMs: markMs },
  account: accountOf({ oldestMarkMs: monotonicMs }),
});
const problem = (blocking: boolean): DataProblem => ({ code: 'CROSSED', instrumentId: 'GOLD', blocking });
const BAD = { problems: [problem(true)] };
const limitExit = (worst: number): PricedOverrides => ({ side: 'sell', worst });

test('dataQualityGate is asked for entries and for exits', () => {
  expect(gateOf()).toMatchObject({ name: 'data-quality', appliesTo: 'all' });
});

test('dataQualityGate measures how old the data are', () => {
  const view = riskViewOf({ monotonicMs: 700, market: marketOf({ receivedMonotonicMs: 200 }) });
  expect(gateOf().measure?.(pricedOf(), view)).toEqual({ measured: 500, limit: 1_000 });
});

describe('dataQualityGate, entries', () => {
  test('lets an entry through on data of exactly the age limit', () => {
    expect(ask({ view: at(1_000) })).toBeUndefined();
  });

  test('denies one millisecond later, and says by how much', () => {
    expect(ask({ view: at(1_001) })).toEqual({
      gate: 'data-quality',
      code: 'MARKET_DATA_STALE',
      measured: 1_001,
      limit: 1_000,
    });
  });

  test('denies data from the future', () => {
    expect(ask({ market: { receivedMonotonicMs: 1 } })).toEqual({
      gate: 'data-quality',
      code: 'MARKET_DATA_STALE',
      measured: -1,
      limit: 1_000,
    });
  });

  test('denies data without a time', () => {
    expect(ask({ market: { receivedMonotonicMs: NaN } })).toEqual({
      gate: 'data-quality',
      code: 'MARKET_DATA_STALE',
      measured: NaN,
      limit: 1_000,
    });
  });

  test('denies on a blocking problem, and names it', () => {
    expect(ask({ market: { problems: [problem(true), problem(false)] } })).toEqual({
      gate: 'data-quality',
      code: 'MARKET_DATA_BAD',
      note: 'CROSSED',
    });
  });

  test('names all that block', () => {
    const problems: DataProblem[] = [problem(true), { ...problem(true), code: 'PRICE_JUMP' }];
    expect(ask({ market: { problems } })).toMatchObject({ note: 'CROSSED, PRICE_JUMP' });
  });

  test('lets an entry through on a problem that does not block', () => {
    expect(ask({ market: { problems: [problem(false)] } })).toBeUndefined();
  });

  test.each([NaN, 0, -1, Infinity])('denies on a view whose mark is %s', (mark) => {
    expect(ask({ market: { mark: ticks(mark) } })).toEqual({
      gate: 'data-quality',
      code: 'MARKET_DATA_BAD',
      note: 'no mark',
    });
  });

  test('denies when the Book was never given a mark of the instrument', () => {
    expect(ask({ view: { mark: undefined } })).toEqual({ gate: 'data-quality', code: 'MARK_MISSING' });
  });

  test.each([
    [2_000, 1_001],
    [1_000, NaN],
    [1_000, -1],
  ])('denies when the mark in the Book is not the one of the view (%s, %s)', (monotonicMs, ageMs) => {
    const view = at(monotonicMs, monotonicMs - ageMs);
    expect(ask({ market: { receivedMonotonicMs: monotonicMs }, view })).toEqual({
      gate: 'data-quality',
      ...(Number.isNaN(ageMs)
        ? { code: 'MARK_MISSING' }
        : { code: 'MARK_STALE', measured: ageMs, limit: 1_000 }),
    });
  });

  const held = (ageMs: number) => ({ view: { account: accountOf({ oldestMarkMs: -ageMs }) } });

  test('lets an entry through when the oldest mark of what is held is exactly at its limit', () => {
    expect(ask(held(60_000))).toBeUndefined();
  });

  test('denies one millisecond later', () => {
    expect(ask(held(60_001))).toEqual({
      gate: 'data-quality',
      code: 'MARK_STALE',
      measured: 60_001,
      limit: 60_000,
    });
  });

  test('denies on a mark from the future', () => {
    expect(ask(held(-1))).toEqual({ gate: 'data-quality', code: 'MARK_STALE', measured: -1, limit: 60_000 });
  });

  test.each([Infinity, NaN])('denies when something held has no mark (age %s)', (ageMs) => {
    expect(ask(held(ageMs))).toEqual({ gate: 'data-quality', code: 'MARK_MISSING' });
  });
});

describe('dataQualityGate, entries in another currency', () => {
  const rated = (ageMs: number): Partial<RiskView> => ({
    account: accountOf({
      currency: 'EUR',
      rateMonotonicMs: (currency) => (currency === 'USDT' ? -ageMs : NaN),
    }),
  });

  test('lets one through at a rate of exactly the age limit of marks', () => {
    expect(ask({ view: rated(60_000) })).toBeUndefined();
  });

  test('denies one millisecond later, also the first order in that currency', () => {
    expect(ask({ view: rated(60_001) })).toEqual({
      gate: 'data-quality',
      code: 'MARK_STALE',
      measured: 60_001,
      limit: 60_000,
    });
  });

  test('lets an exit through', () => {
    expect(ask({ order: { side: 'sell' }, view: { ...rated(60_001), isExit: true } })).toBeUndefined();
  });
});

describe('dataQualityGate, exits', () => {
  const exit = { isExit: true };

  test('lets any exit through on good data, whatever its price', () => {
    expect(ask({ order: limitExit(1), view: exit })).toBeUndefined();
  });

  test('does not look at the marks of what else is held', () => {
    const account = accountOf({ oldestMarkMs: -Infinity });
    expect(ask({ order: limitExit(100), view: { ...exit, account } })).toBeUndefined();
  });

  test.each([95, 100, 105])('on bad data lets a limit exit stand within the collar, %s', (worst) => {
    expect(ask({ order: limitExit(worst), market: BAD, view: exit })).toBeUndefined();
  });

  test.each([94, 106])('on bad data denies a limit exit one tick outside the collar, %s', (worst) => {
    expect(ask({ order: limitExit(worst), market: BAD, view: exit })).toEqual({
      gate: 'data-quality',
      code: 'EXIT_COLLAR',
      measured: 600,
      limit: 500,
    });
  });

  test.each([1_001, -1, NaN])('takes data of age %s for bad', (ageMs) => {
    const view = { ...exit, monotonicMs: 5_000 };
    expect(ask({ order: limitExit(94), market: { receivedMonotonicMs: 5_000 - ageMs }, view })).toMatchObject(
      { code: 'EXIT_COLLAR' },
    );
  });

  test.each([
    [BAD, { code: 'MARKET_DATA_BAD', note: 'CROSSED' }],
    [{ receivedMonotonicMs: 1 }, { code: 'MARKET_DATA_STALE', measured: -1, limit: 1_000 }],
  ] as const)('a market exit needs a good view: %o', (market, denial) => {
    expect(ask({ order: { side: 'sell', type: 'market' }, market, view: exit })).toEqual({
      gate: 'data-quality',
      ...denial,
    });
  });

  test('on bad data denies a limit exit when there was never a good mark', () => {
    expect(ask({ order: limitExit(100), market: BAD, view: { ...exit, mark: undefined } })).toEqual({
      gate: 'data-quality',
      code: 'MARK_MISSING',
    });
  });

  test.each([NaN, -100, 0])('on bad data denies a limit exit at a mark of %s', (price) => {
    const view = { ...exit, mark: { price: ticks(price), monotonicMs: 0 } };
    expect(ask({ order: limitExit(100), market: BAD, view })).toMatchObject({
      gate: 'data-quality',
      code: 'EXIT_COLLAR',
    });
  });
});
