import { describe, expect, test } from 'vitest';
import { amountText, moneyText, readAmount, readMoney } from '../../examples/toy-exchange/decimals.ts';
import { SequenceWindow } from '../../examples/toy-exchange/driver/sequence-window.ts';
import { Faults, faultsSchema } from '../../examples/toy-exchange/faults.ts';
import { feeOf } from '../../examples/toy-exchange/fees.ts';
import { TokenBucket } from '../../examples/toy-exchange/token-bucket.ts';

const amount = (text: string): bigint => readAmount(text) ?? -1n;

describe('decimals of the toy exchange', () => {
  test.each(['0', '1', '0.5', '12345.000000000001', '999999999999999.999999999999'])(
    '%s comes back',
    (text) => {
      expect(amountText(amount(text))).toBe(text);
    },
  );

  test.each(['', '-1', '+1', '1.', '.5', '1e3', '0x1', '1.0000000000001', '1'.repeat(16), ' 1'])(
    '%j is none',
    (text) => {
      expect(readAmount(text)).toBeUndefined();
    },
  );

  test.each(['-0.00000001', '0', '123.000000000000000000000001'])('money of %s comes back', (text) => {
    expect(moneyText(readMoney(text))).toBe(text);
  });
});

describe('a fee', () => {
  const rates = { makerFeeRate: -amount('0.0001'), takerFeeRate: amount('0.0005') };

  test.each([
    ['taker', '2', '100', '0.1'],
    ['taker', '0.00001', '0.0003', '0.00000001'], // up, however small
    ['maker', '2', '100', '-0.02'],
    ['maker', '0.00001', '0.0003', '0'], // a rebate towards zero
    ['maker', '0.3', '0.0005', '-0.00000001'],
  ] as const)('of a %s for %s at %s is %s', (liquidity, quantity, price, fee) => {
    expect(feeOf(rates, liquidity, amount(quantity), amount(price))).toBe(fee);
  });
});

describe('a token bucket', () => {
  test('lets a burst through, then says how long to wait, to the millisecond', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 10 });
    expect([bucket.take(0), bucket.take(0), bucket.take(0), bucket.take(60)]).toEqual([0, 0, 100, 40]);
    expect([bucket.take(99), bucket.take(100)]).toEqual([1, 0]);
  });

  test('never holds more than its burst', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 10 });
    bucket.take(0);
    expect([bucket.take(1e6), bucket.take(1e6), bucket.take(1e6)]).toEqual([0, 0, 100]);
  });
});

describe('faults', () => {
  const ordered = (...faults: object[]): Faults => {
    const menu = new Faults(7);
    menu.order(faultsSchema.parse(faults));
    return menu;
  };

  test('strike nothing unless ordered', () => {
    expect(new Faults(7).onRequest('timeout-before', 'place')).toBeUndefined();
  });

  test('strike as often as ordered, and only what they are for', () => {
    const menu = ordered({ kind: 'timeout-before', on: 'cancel', count: 2, delayMs: [5, 5] });
    const asked = ['place', 'cancel', 'cancel', 'cancel'] as const;
    expect(asked.map((kind) => menu.onRequest('timeout-before', kind))).toEqual([undefined, 5, 5, undefined]);
    expect(menu.onRequest('timeout-after', 'cancel')).toBeUndefined();
  });

  test('of the stream strike events of their type, heartbeats only if of none', () => {
    const menu = ordered({ kind: 'lost-event', event: 'filled' }, { kind: 'disconnect', delayMs: [0, 0] });
    expect([menu.onMessage('lost-event', 'accepted'), menu.onMessage('lost-event', undefined)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(menu.onMessage('lost-event', 'filled')).toBeGreaterThanOrEqual(50);
    expect(menu.onMessage('disconnect', undefined)).toBe(0);
  });

  test('of a probability strike about so often, the same each time, with delays in their range', () => {
    const draw = () => {
      const menu = ordered({ kind: 'late-answer', probability: 0.3, delayMs: [10, 20] });
      return Array.from({ length: 1_000 }, () => menu.onRequest('late-answer', 'place'));
    };
    const delays = draw().filter((delay) => delay !== undefined);
    expect(delays.length).toBeGreaterThan(250);
    expect(delays.length).toBeLessThan(350);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...delays)).toBeLessThanOrEqual(20);
    expect(draw()).toEqual(draw());
  });

  test('clock offsets add up until they are cleared', () => {
    const menu = ordered({ kind: 'clock-offset', offsetMs: 300 }, { kind: 'clock-offset', offsetMs: -100 });
    expect(menu.clockOffsetMs).toBe(200);
    menu.clear();
    expect([menu.clockOffsetMs, menu.list()]).toEqual([0, []]);
  });

  test.each([
    [{ kind: 'earthquake' }],
    [{ kind: 'lost-event', probability: 1.1 }],
    [{ kind: 'lost-event', on: 'place' }],
  ])('refuses %j', (fault) => {
    expect(faultsSchema.safeParse([fault]).success).toBe(false);
  });
});

describe('a sequence window', () => {
  test('puts messages back in order', () => {
    const window = new SequenceWindow<string>(0);
    expect(window.take(2, 'b')).toEqual({ ready: [] });
    expect(window.waiting).toBe(true);
    expect(window.take(1, 'a')).toEqual({ ready: ['a', 'b'] });
    expect(window.waiting).toBe(false);
  });

  test('drops a repetition, whether told or held', () => {
    const window = new SequenceWindow<string>(0);
    window.take(1, 'a');
    window.take(3, 'c');
    expect([window.take(1, 'a'), window.take(3, 'c'), window.take(2, 'b')]).toEqual([
      { ready: [] },
      { ready: [] },
      { ready: ['b', 'c'] },
    ]);
  });

  test('knows by a heartbeat that the last is missing', () => {
    const window = new SequenceWindow<string>(4);
    window.sent(4);
    expect(window.waiting).toBe(false);
    window.sent(5);
    expect(window.waiting).toBe(true);
  });

  test('gives up on what is missing, and knows it when it comes late, once', () => {
    const window = new SequenceWindow<string>(0);
    window.take(2, 'b');
    window.take(5, 'e');
    expect(window.skip()).toEqual({ missed: 3, ready: ['b', 'e'] });
    expect(window.waiting).toBe(false);
    expect([window.take(3, 'c'), window.take(3, 'c'), window.take(6, 'f')]).toEqual([
      { ready: [], late: 'c' },
      { ready: [] },
      { ready: ['f'] },
    ]);
  });
});
