import { describe, expect, test } from 'vitest';
import { parseOptions } from '../../../src/core/options.ts';
import { SeededRandom } from '../../../src/core/random.ts';
import { ticks } from '../../../src/core/units.ts';
import {
  type AskedOrder,
  PaperRejections,
  type RejectionOptions,
  rejectionSchema,
} from '../../../src/desk/paper/paper-rejections.ts';
import { marketable, never, open, order } from './paper-market.ts';

const rejections = (options: RejectionOptions, seed = 1): PaperRejections =>
  new PaperRejections(parseOptions('test', rejectionSchema, options), new SeededRandom(seed));

const asked = (overrides: Partial<AskedOrder> = {}): AskedOrder => ({
  nowMs: 500,
  price: ticks(100),
  middle: 100,
  timeInForce: 'GTC',
  openOrders: () => 0,
  ...overrides,
});

test('nothing is refused unless said so, and nothing is drawn', () => {
  const random = new SeededRandom(1);
  const none = new PaperRejections(parseOptions('test', rejectionSchema, {}), random);
  expect(none.ofOrder(asked({ middle: undefined, openOrders: () => 1e6 }))).toBeUndefined();
  expect(random.uint32()).toBe(new SeededRandom(1).uint32());
});

describe('the price band', () => {
  const banded = rejections({ priceBandFraction: 0.1 });

  test.for([
    [90, undefined],
    [89, 'PRICE_OFF_BAND'],
    [110, undefined],
    [111, 'PRICE_OFF_BAND'],
    [NaN, 'PRICE_OFF_BAND'],
  ] as const)('of a tenth around 100: %d is %s', ([price, reason]) => {
    expect(banded.ofOrder(asked({ price: ticks(price) }))).toBe(reason);
    expect(banded.ofAmend(asked({ price: ticks(price) }))).toBe(reason);
  });

  test('without prices of others there is nothing to measure from', () => {
    expect(banded.ofOrder(asked({ middle: undefined }))).toBe('MARKET_UNAVAILABLE');
  });
});

describe('the number of open orders', () => {
  const counted = rejections({ maxOpenOrders: 2 });

  test('one below the limit is taken, at the limit refused', () => {
    expect(counted.ofOrder(asked({ openOrders: () => 1 }))).toBeUndefined();
    expect(counted.ofOrder(asked({ openOrders: () => 2 }))).toBe('TOO_MANY_OPEN_ORDERS');
  });

  test.for(['IOC', 'FOK'] as const)('%s never rests, and is not counted', (timeInForce) => {
    expect(counted.ofOrder(asked({ timeInForce, openOrders: () => 2 }))).toBeUndefined();
  });

  test('a change opens no order', () => {
    expect(counted.ofAmend(asked({ openOrders: () => 2 }))).toBeUndefined();
  });
});

describe('maintenance', () => {
  const shut = rejections({
    maintenance: [
      { fromMs: 400, toMs: 450 },
      { fromMs: 500, toMs: 600 },
    ],
  });
  test.for([
    [499, undefined],
    [500, 'VENUE_MAINTENANCE'],
    [599, 'VENUE_MAINTENANCE'],
    [600, undefined],
    [420, 'VENUE_MAINTENANCE'],
  ] as const)('at %d: %s', ([nowMs, reason]) => {
    expect(shut.ofOrder(asked({ nowMs }))).toBe(reason);
    expect(shut.ofAmend(asked({ nowMs }))).toBe(reason);
  });
});

describe('chance', () => {
  const reasons = (options: RejectionOptions, seed = 1): (string | undefined)[] => {
    const drawn = rejections(options, seed);
    return Array.from({ length: 4_000 }, () => drawn.ofOrder(asked()));
  };
  const rates = { OVERLOADED: 0.1, NO_FUNDS: 0.02 };

  test('refuses the share that was given, by reason', () => {
    const all = reasons({ rates });
    const share = (reason: string | undefined): number =>
      all.filter((one) => one === reason).length / all.length;
    expect(share('OVERLOADED')).toBeCloseTo(0.1, 1);
    expect(Math.abs(share('NO_FUNDS') - 0.02)).toBeLessThan(0.01);
    expect(share('OVERLOADED') + share('NO_FUNDS') + share(undefined)).toBeCloseTo(1, 9);
  });

  test('is the same for the same seed', () => {
    expect(reasons({ rates }, 3)).toEqual(reasons({ rates }, 3));
    expect(reasons({ rates }, 3)).not.toEqual(reasons({ rates }, 4));
  });

  test('of 1 refuses all, of 0 none', () => {
    expect(new Set(reasons({ rates: { ALL: 1 } }))).toEqual(new Set(['ALL']));
    expect(new Set(reasons({ rates: { NONE: 0 } }))).toEqual(new Set([undefined]));
  });

  test('changes are not left to it', () => {
    expect(rejections({ rates: { ALL: 1 } }).ofAmend(asked())).toBeUndefined();
  });

  test('comes after the rules', () => {
    const both = rejections({ rates: { ALL: 1 }, maxOpenOrders: 0 });
    expect(both.ofOrder(asked())).toBe('TOO_MANY_OPEN_ORDERS');
  });
});

test.for<[unknown, RegExp]>([
  [{ rates: { A: 0.6, B: 0.5 } }, /rates: expected shares of at most 1 in all/],
  [{ rates: { A: -0.1 } }, /rates.A/],
  [{ rates: { A: NaN } }, /rates.A/],
  [{ priceBandFraction: 0 }, /priceBandFraction/],
  [{ maxOpenOrders: -1 }, /maxOpenOrders/],
  [{ maintenance: [{ fromMs: 5, toMs: 5 }] }, /maintenance.0: expected fromMs before toMs/],
  [{ maxOrders: 1 }, /maxOrders/],
])('refuses the options %o', ([options, message]) => {
  expect(() => rejections(options as RejectionOptions)).toThrow(message);
});

describe('at the venue', () => {
  test('an order is refused by the answer alone, known as refused, and its id is free', async () => {
    const { venue, heard, place, pass, answer } = open({
      rejections: { maintenance: [{ fromMs: 0, toMs: 1_000_050 }] },
    });
    void place(order('a'));
    await pass(20);
    expect(await answer(venue.lookup('a', never))).toMatchObject({
      state: 'rejected',
      reason: 'VENUE_MAINTENANCE',
      cumulative: '0',
    });
    void place(order('a'));
    await pass(20);
    expect(heard).toEqual(['20 a reply VENUE_MAINTENANCE', '60 a reply accepted']);
  });

  test('a cancel is taken during maintenance, a change is not', async () => {
    const { heard, place, amend, cancel, pass } = open({
      rejections: { maintenance: [{ fromMs: 1_000_020, toMs: 1_000_100 }] },
    });
    void place(order('a'));
    await pass(20);
    void amend(order('a', { quantity: '2' }));
    void cancel('a');
    await pass(20);
    expect(heard).toEqual([
      '20 a reply accepted',
      '40 a amend VENUE_MAINTENANCE',
      '40 a cancel taken',
      '40 a cancelled',
    ]);
  });

  test('the band is measured from the middle of the market, and what is beyond it stays out', async () => {
    // The middle of 99.5 and 100.5 is 100.
    const { heard, place, amend, pass } = open({ rejections: { priceBandFraction: 0.01 } });
    void place(order('inside', { price: '99' }));
    void place(order('outside', { price: '98.5' }));
    await pass(20);
    void amend(order('inside', { price: '98.5' }));
    await pass(20);
    expect(heard).toEqual([
      '20 inside reply accepted',
      '20 outside reply PRICE_OFF_BAND',
      '40 inside amend PRICE_OFF_BAND',
    ]);
  });

  test('open orders are counted by account, over all instruments, while they rest', async () => {
    const { heard, place, cancel, pass } = open({ rejections: { maxOpenOrders: 2 } });
    void place(order('a'));
    void place(order('b', { instrumentId: 'XYZ-USD' }));
    void place(order('c'));
    void place(order('other', { accountId: 'second' }));
    void place(order('now', { ...marketable, timeInForce: 'IOC' }));
    await pass(30);
    void cancel('a');
    await pass(20);
    void place(order('d'));
    await pass(20);
    expect(heard.filter((line) => line.includes('reply'))).toEqual([
      '20 a reply accepted',
      '20 b reply accepted',
      '20 c reply TOO_MANY_OPEN_ORDERS',
      '20 other reply accepted',
      '20 now reply accepted',
      '70 d reply accepted',
    ]);
  });

  test('what is refused by chance, the seed says', async () => {
    const refused = async (seed: number): Promise<string[]> => {
      const { heard, place, pass } = open({ seed, rejections: { rates: { OVERLOADED: 0.5 } } });
      for (let n = 0; n < 40; n += 1) void place(order(`o${n}`, { price: '90' }));
      await pass(20);
      return heard;
    };
    const first = await refused(1);
    expect(first.filter((line) => line.endsWith('OVERLOADED')).length).toBeGreaterThan(8);
    expect(first.filter((line) => line.endsWith('accepted')).length).toBeGreaterThan(8);
    expect(await refused(1)).toEqual(first);
    expect(await refused(2)).not.toEqual(first);
  });
});
