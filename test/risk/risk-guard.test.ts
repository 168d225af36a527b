import { describe, expect, test } from 'vitest';
import { type RiskView, parseRiskLimits } from '../../src/risk/index.ts';
import { deny } from '../../src/trading/index.ts';
import { WIDE, filledEvent, guardOf } from '../support/guard.ts';
import { heldOf, instrumentOf, pricedOf } from '../support/orders.ts';
import { marketOf, quotedAt } from '../support/views.ts';
import { NO, exposureDenial, gateOf, passed, rejected } from './support/verdicts.ts';

describe('RiskGuard, verdicts', () => {
  test('approves what every gate lets through', () => {
    expect(guardOf().guard.evaluate(pricedOf())).toEqual(passed('approve', 10, false));
  });

  test('denies an account that is not there, before any gate', () => {
    const { guard } = guardOf({ deps: { gates: [gateOf(() => NO)] } });
    expect(guard.evaluate(pricedOf({ accountId: 'other' }))).toEqual(
      rejected({ gate: 'order', code: 'ACCOUNT_UNKNOWN', measured: 'other' }),
    );
  });

  test('denies what the account cannot do at all, before any gate', () => {
    const { guard } = guardOf({ deps: { gates: [gateOf(() => NO)] } });
    expect(guard.evaluate(pricedOf({ side: 'sell', qty: 1 }))).toEqual(
      rejected({ gate: 'order', code: 'SHORT_NOT_ALLOWED', measured: 1, limit: 0 }),
    );
  });

  test('gives every reason, not the first', () => {
    const { guard, trading } = guardOf({ limits: { maxPositions: 0, maxPositionNotional: '999' } });
    trading.state = 'halted';
    expect(guard.evaluate(pricedOf())).toEqual(
      rejected(
        { gate: 'kill-switch', code: 'KILL_SWITCH_HALTED' },
        { gate: 'position-count', code: 'POSITION_COUNT_LIMIT', measured: 1, limit: 0 },
        { gate: 'position-size', code: 'POSITION_SIZE_LIMIT', measured: '1000', limit: '999' },
      ),
    );
  });

  test('says twice only what is not the same: of which gate, and with which code', () => {
    const denials = [
      deny('a', 'ABOVE_MAXIMUM'),
      deny('b', 'ABOVE_MAXIMUM'),
      deny('a', 'BELOW_MINIMUM'),
      deny('a', 'ABOVE_MAXIMUM', { note: 'again' }),
    ];
    const gates = denials.map((denial, place) => gateOf(() => denial, { name: `own-${place}` }));
    expect(guardOf({ deps: { gates } }).guard.evaluate(pricedOf())).toEqual(rejected(...denials.slice(0, 3)));
  });

  test('explains a gate that cannot say what it measures', () => {
    const { guard } = guardOf({ deps: { gates: [gateOf(() => undefined)] } });
    expect(guard.explain(pricedOf()).at(-1)).toEqual({ gate: 'own', outcome: 'passed' });
  });

  test('tells the age of the mark that the order was judged at', () => {
    const { guard, clock } = guardOf();
    clock.advance(700);
    expect(guard.evaluate(pricedOf())).toEqual(passed('approve', 10, false, { markAgeMs: 700 }));
  });

  test('judges exposure at the mark of the Book, not at the price of the order', () => {
    const { guard, book } = guardOf({ limits: { maxPositionNotional: '1000' } });
    book.mark(quotedAt(200));
    expect(guard.evaluate(pricedOf({ worst: 1 }))).toEqual(
      rejected({ gate: 'position-size', code: 'POSITION_SIZE_LIMIT', measured: '2000', limit: '1000' }),
    );
  });

  test('without a mark denies every entry, and says what is missing', () => {
    const { guard } = guardOf();
    const verdict = guard.evaluate(pricedOf({ instrument: instrumentOf({ instrumentId: 'SILVER' }) }));
    expect(verdict).toEqual(
      rejected(
        { gate: 'data-quality', code: 'MARK_MISSING' },
        { gate: 'position-size', code: 'POSITION_SIZE_LIMIT', measured: 'NaN', limit: '1000000' },
        {
          gate: 'correlation',
          code: 'CLUSTER_EXPOSURE_LIMIT',
          measured: 'NaN',
          limit: '1000000',
          note: 'moves with nothing else held',
        },
        exposureDenial('NaN', '1000000'),
      ),
    );
  });

  test('lets an exit through whose view is good though the Book was never marked', () => {
    const { guard, book } = guardOf();
    const silver = instrumentOf({ instrumentId: 'SILVER' });
    const order = heldOf({ instrument: silver, qty: 5 });
    book.hold(order);
    book.keep(order);
    book.apply(filledEvent(order.clientOrderId, 5));
    expect(guard.evaluate(pricedOf({ instrument: silver, side: 'sell', qty: 5 }))).toEqual(
      passed('approve', 5, true, { markAgeMs: Infinity }),
    );
  });
});

describe('RiskGuard, what it tells', () => {
  test('counts what each gate decided, dry runs left out', () => {
    const setup = guardOf({ limits: { maxTotalExposure: '750', maxPositionNotional: '1000' } });
    setup.guard.evaluate(pricedOf());
    setup.guard.reserve(pricedOf()); // to 7
    setup.guard.reserve(pricedOf({ intentId: 'intent-2', qty: 11 }));
    const count = (gate: string, denied = 0, reduced = 0, reasons: readonly object[] = []) => ({
      gate,
      checked: 3, // what was reduced was asked again
      denied,
      reduced,
      reasons,
    });
    expect(setup.guard.status()).toEqual([
      count('kill-switch'),
      count('data-quality'),
      count('daily-loss'),
      count('drawdown'),
      count('position-count'),
      count('position-size', 1, 0, [{ code: 'POSITION_SIZE_LIMIT', count: 1 }]),
      count('correlation'),
      count('total-exposure', 1, 1, [{ code: 'TOTAL_EXPOSURE_LIMIT', count: 1 }]),
    ]);
  });

  test('does not count gates that an exit skips', () => {
    const setup = guardOf();
    setup.trade({ qty: 10 });
    setup.guard.reserve(pricedOf({ intentId: 'exit', side: 'sell', qty: 10 }));
    expect(setup.guard.status().map(({ gate, checked }) => [gate, checked])).toEqual([
      ['kill-switch', 2],
      ['data-quality', 2],
      ['daily-loss', 1],
      ['drawdown', 1],
      ['position-count', 1],
      ['position-size', 1],
      ['correlation', 1],
      ['total-exposure', 1],
    ]);
  });

  test('shows gates the facts of this pass', () => {
    const seen: RiskView[] = [];
    const curious = gateOf((_order, view) => {
      seen.push(view);
      return undefined;
    });
    const { guard, clock, book } = guardOf({
      deps: { gates: [curious] },
      limits: { maxTotalExposure: '750' },
    });
    clock.advance(5);
    const order = pricedOf();
    guard.evaluate(order);
    const common = {
      nowMs: 5,
      monotonicMs: 5,
      market: order.view,
      mark: { price: 100, monotonicMs: 0 },
      account: book.account('acc'),
      row: book.account('acc'),
      cell: undefined,
      trading: 'active',
      isExit: false,
      worstBefore: 0,
    };
    expect(seen).toEqual([
      { ...common, qty: 10, worstAfter: 1_000_000_000 },
      { ...common, qty: 7, worstAfter: 700_000_000 },
    ]);
  });

  test('applies events to its Book', () => {
    const setup = guardOf();
    const clientOrderId = setup.work({});
    const applied = setup.guard.apply({ type: 'rejected', clientOrderId, atMs: 0, reason: 'no' });
    expect([applied, setup.guard.book.cell('acc', 'GOLD')?.buy]).toEqual(['applied', 0]);
  });

  test('the hash of the limits changes with a limit, and with the gates', () => {
    const hashes = [
      guardOf(),
      guardOf({ balance: '1' }),
      guardOf({ limits: { maxPositions: 99 } }),
      guardOf({ deps: { gates: [gateOf(() => undefined)] } }),
    ].map(({ guard }) => guard.limitsHash);
    expect([hashes[0] === hashes[1], new Set(hashes).size]).toEqual([true, 3]);
  });
});

describe('RiskGuard, options', () => {
  const make = (limits: object) => () => guardOf({ limits: limits });

  test.each([
    [{ maxPosition: 5 }, 'maxPosition'],
    [{ maxDailyLoss: '-1' }, 'maxDailyLoss: expected a plain decimal of 0 or more'],
    [{ maxTotalExposure: 1_000 }, 'maxTotalExposure: expected a plain decimal of 0 or more'],
    [{ maxPositionNotional: '9007199255' }, 'maxPositionNotional: expected at most 9007199254'],
    [{ maxDrawdownFraction: 20 }, 'maxDrawdownFraction'],
    [{ maxPositions: 1.5 }, 'maxPositions'],
    [{ maxDataAgeMs: NaN }, 'maxDataAgeMs'],
    [{ maxClusterExposure: undefined }, 'maxClusterExposure'],
  ])('refuses %o by name', (limits, message) => {
    expect(make(limits)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  test('fills in the ages and the collar, and minds buying power', () => {
    const { buyingPower: _off, ...limits } = WIDE;
    expect(parseRiskLimits(limits)).toEqual({
      maxDailyLoss: 1e12,
      maxDrawdownFraction: 1,
      maxPositions: 100,
      maxPositionNotional: 1e12,
      maxTotalExposure: 1e12,
      maxClusterExposure: 1e12,
      buyingPower: { feeBps: 0 },
      maxDataAgeMs: 1_000,
      maxMarkAgeMs: 60_000,
      exitCollarBps: 500,
      maxDecisionAgeMs: 1_000,
      scopes: [],
    });
  });

  test('limits cannot be changed behind its back', () => {
    const limits = guardOf().guard.limits as { maxDataAgeMs: number };
    expect(() => {
      limits.maxDataAgeMs = Infinity;
    }).toThrow(TypeError);
  });

  test('refuses two gates of one name', () => {
    expect(() => guardOf({ deps: { gates: [gateOf(() => undefined, { name: 'drawdown' })] } })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

test('a view that the Book does not know is not enough for an entry', () => {
  const { guard, clock } = guardOf();
  clock.advance(2_000);
  const view = marketOf({ receivedMonotonicMs: 2_000 });
  expect(guard.evaluate(pricedOf({ view }))).toEqual(
    rejected({ gate: 'data-quality', code: 'MARK_STALE', measured: 2_000, limit: 1_000 }),
  );
});
