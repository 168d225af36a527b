import { describe, expect, test } from 'vitest';
import {
  RiskAlertPublisher,
  type RiskAlertPublisherOptions,
  type RiskLimitsInput,
  parseRiskLimits,
} from '../../src/risk/index.ts';
import { type BookReader, DENIAL_CATALOGUE, type Denial } from '../../src/trading/index.ts';
import { WIDE, guardOf } from '../support/guard.ts';
import { RecordingBus } from '../support/recording-bus.ts';
import { accountOf, money, quotedAt } from '../support/views.ts';

interface WorldOptions {
  readonly limits?: Partial<RiskLimitsInput>;
  readonly options?: RiskAlertPublisherOptions;
}

function world({ limits = {}, options = {} }: WorldOptions = {}) {
  const guarded = guardOf({ limits });
  const bus = new RecordingBus();
  const publisher = new RiskAlertPublisher(options, { ...guarded, bus });
  const deny = (...denials: readonly Denial[]): void => {
    publisher.decided({ intent: { accountId: 'acc' }, denials });
  };
  /** The market moves, and it is looked. */
  const mark = (price: number): void => {
    guarded.book.mark(quotedAt(price, { receivedMonotonicMs: guarded.clock.monotonicMs() }));
    publisher.check();
  };
  const trade = (quantity: number): void => {
    guarded.trade({ qty: quantity });
  };
  return { ...guarded, bus, publisher, deny, mark, trade };
}

const TOO_LARGE: Denial = {
  gate: 'position-size',
  code: 'POSITION_SIZE_LIMIT',
  measured: '1200',
  limit: '1000',
};
const ACCOUNT = { kind: 'account', id: 'acc' };

describe('RiskAlertPublisher', () => {
  test('tells the first denial of a limit at once', () => {
    const { bus, deny, clock } = world();
    clock.advance(5);
    deny(TOO_LARGE);
    expect(bus.take()).toEqual([
      {
        code: 'POSITION_SIZE_LIMIT',
        severity: 'warning',
        scope: ACCOUNT,
        detail: DENIAL_CATALOGUE.POSITION_SIZE_LIMIT,
        gate: 'position-size',
        measured: '1200',
        limit: '1000',
        count: 1,
        firstMs: 5,
        lastMs: 5,
      },
    ]);
  });

  test('ten thousand denials of one gate and scope are one alert for each interval', () => {
    const { bus, deny, clock } = world({ options: { everyMs: 1_000 } });
    for (let i = 0; i < 10_000; i += 1) deny(TOO_LARGE);
    clock.advance(500);
    deny({ ...TOO_LARGE, measured: '1300' });
    expect(bus.take()).toMatchObject([{ count: 1 }]);
    clock.advance(500);
    expect(bus.take()).toMatchObject([{ count: 10_000, firstMs: 0, lastMs: 500, measured: '1300' }]);
    clock.advance(10_000);
    expect(bus.take()).toEqual([]);
  });

  test('counts each gate, code and scope for itself', () => {
    const { bus, deny, publisher } = world();
    deny(TOO_LARGE, { ...TOO_LARGE, gate: 'position-size@firm' });
    deny({ gate: 'position-size', code: 'GATE_FAILED', note: 'TypeError' });
    publisher.decided({ intent: { accountId: 'other' }, denials: [TOO_LARGE] });
    expect(bus.take()).toMatchObject([
      { scope: ACCOUNT },
      { scope: { kind: 'firm' } },
      { severity: 'critical', detail: `${DENIAL_CATALOGUE.GATE_FAILED} TypeError` },
      { scope: { kind: 'account', id: 'other' } },
    ]);
  });

  test.each([
    ['drawdown@venue:here', { kind: 'venue', id: 'here' }],
    ['drawdown@strategy:a:b', { kind: 'strategy', id: 'a:b' }],
    ['drawdown@instrument:GOLD', { kind: 'instrument', id: 'GOLD' }],
    ['a@b@account:main', { kind: 'account', id: 'main' }],
    ['mine@home', ACCOUNT],
    ['mine@firm:x', ACCOUNT],
    ['mine@', ACCOUNT],
    ['mine', ACCOUNT],
  ])('a denial of %s is about %o', (gate, scope) => {
    const { bus, deny } = world();
    deny({ gate, code: 'DRAWDOWN_LIMIT' });
    expect(bus.take()).toMatchObject([{ severity: 'critical', gate, scope }]);
  });

  test('says nothing of an order that was wrong in itself, of bad data and of the kill switch', () => {
    const { bus, deny } = world();
    deny(
      { gate: 'x', code: 'QUANTITY_INVALID' },
      { gate: 'x', code: 'MARKET_DATA_STALE' },
      { gate: 'x', code: 'KILL_SWITCH_HALTED' },
    );
    deny();
    expect(bus.take()).toEqual([]);
  });

  test('leaves out what a gate could not measure', () => {
    const { bus, deny } = world();
    deny({ ...TOO_LARGE, measured: NaN, limit: Infinity });
    expect(bus.take()).toMatchObject([{ count: 1 }]);
    const { bus: other, deny: denyOther } = world();
    denyOther({ ...TOO_LARGE, measured: 3, limit: 2 });
    expect(other.take()).toMatchObject([{ measured: 3, limit: 2 }]);
  });

  test('warns once when an account uses four fifths of a limit, and again when it has been below', () => {
    const { bus, trade, mark, clock } = world({ limits: { maxPositionNotional: '1250' } });
    trade(10);
    mark(99);
    expect(bus.take()).toEqual([]);
    mark(100);
    mark(101);
    expect(bus.take()).toEqual([
      {
        code: 'LIMIT_NEAR',
        severity: 'warning',
        scope: ACCOUNT,
        detail: '80.0 % of the limit is used.',
        gate: 'position-size',
        measured: '1000',
        limit: '1250',
        count: 1,
        firstMs: 0,
        lastMs: 0,
      },
    ]);
    clock.advance(120_000);
    mark(99);
    mark(110);
    expect(bus.take()).toMatchObject([{ code: 'LIMIT_NEAR', measured: '1100' }]);
  });

  test('says when all of it is used, and not when it is less again', () => {
    const { bus, trade, mark } = world({ limits: { maxPositionNotional: '1250' } });
    trade(10);
    mark(125);
    mark(124);
    mark(130);
    expect(bus.take()).toMatchObject([{ code: 'LIMIT_REACHED', severity: 'critical', measured: '1250' }]);
    mark(99);
    mark(100);
    expect(bus.take()).toMatchObject([{ code: 'LIMIT_NEAR' }]);
    mark(125);
    expect(bus.take()).toEqual([]); // within the interval
  });

  test.each([
    ['daily-loss', { maxDailyLoss: '100' }, 92, { measured: '80', limit: '100' }],
    ['drawdown', { maxDrawdownFraction: 0.01 }, 92, { measured: 0.008, limit: 0.01 }],
    ['total-exposure', { maxTotalExposure: '1150' }, 92, { measured: '920', limit: '1150' }],
    ['position-count', { maxPositions: 1 }, 100, { code: 'LIMIT_REACHED', measured: 1, limit: 1 }],
  ] as const)('looks at %s', (gate, limits, price, alert) => {
    const { bus, trade, mark } = world({ limits });
    trade(10);
    mark(price);
    expect(bus.take()).toMatchObject([{ gate, ...alert }]);
  });

  test('looks by itself, and warns from the share on that it is given', () => {
    const { bus, trade, clock, book } = world({
      limits: { maxPositionNotional: '2000' },
      options: { warnAtFraction: 0.5, checkEveryMs: 200 },
    });
    trade(10);
    book.mark(quotedAt(100));
    clock.advance(199);
    expect(bus.take()).toEqual([]);
    clock.advance(1);
    expect(bus.take()).toMatchObject([{ detail: '50.0 % of the limit is used.' }]);
  });

  test('what is not known is no warning, and does not end one', () => {
    const { clock, guard } = world({ limits: { maxTotalExposure: '1000' } });
    const bus = new RecordingBus();
    let gross = money(NaN);
    const accounts = () => [accountOf({ gross })];
    const publisher = new RiskAlertPublisher(
      { everyMs: 1 },
      {
        bus,
        clock,
        guard: { limits: guard.limits, book: { accounts } as Partial<BookReader> as BookReader },
      },
    );
    const told = (amount: number): unknown[] => {
      gross = money(amount);
      clock.advance(1_000);
      publisher.check();
      return bus.take();
    };
    expect(told(NaN)).toEqual([]);
    expect(told(900)).toHaveLength(1);
    expect(told(NaN)).toEqual([]);
    expect(told(900)).toEqual([]);
    expect(told(799)).toEqual([]);
    expect(told(800)).toHaveLength(1);
  });

  test('a limit of 0, which allows exits only, is no warning', () => {
    const { bus, trade, mark, guard } = world();
    trade(10);
    guard.adopt(parseRiskLimits({ ...WIDE, maxPositions: 0, maxTotalExposure: '0' }));
    mark(100);
    expect(bus.take()).toEqual([]);
  });

  test('tells at its end what has not been told, and nothing after it', () => {
    const { bus, deny, publisher, clock } = world();
    deny(TOO_LARGE);
    deny(TOO_LARGE);
    deny(TOO_LARGE);
    bus.take();
    publisher[Symbol.dispose]();
    expect(bus.take()).toMatchObject([{ count: 2 }]);
    deny(TOO_LARGE);
    clock.advance(100_000);
    expect(bus.take()).toEqual([]);
  });

  test('refuses a misspelt option by name', () => {
    expect(() => world({ options: { every: 1 } as never })).toThrow(/RiskAlertPublisher: .*every/);
    expect(() => world({ options: { warnAtFraction: 0 } })).toThrow(/warnAtFraction/);
  });
});
