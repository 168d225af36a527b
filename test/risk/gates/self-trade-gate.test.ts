import { describe, expect, test } from 'vitest';
import { lots, ticks } from '../../../src/core/index.ts';
import { selfTradeGate } from '../../../src/risk/index.ts';
import { Book } from '../../../src/trading/index.ts';
import { toText } from '../../../src/core/increment.ts';
import { selfCrossing } from '../../../src/risk/gates/self-crossing.ts';
import { type PricedOverrides, GOLD, pricedOf } from '../../support/orders.ts';
import { SILVER, approved, controlled, rejected } from '../support/controls.ts';

const world = () => controlled({ limits: { selfTrade: 'cancel-newest' } });

/** A world in which a sale of 10 at 105 rests, and its id. */
function withSale(overrides: PricedOverrides = {}) {
  const made = world();
  made.trade({ accountId: 'other', qty: 30 });
  const id = made.work({ accountId: 'other', side: 'sell', worst: 105, ...overrides });
  return { ...made, id };
}

const denied = (worst: number, limit: number, note: string) =>
  rejected({
    gate: 'self-trade',
    code: 'SELF_TRADE',
    measured: toText(worst, GOLD.grid.tick),
    limit: toText(limit, GOLD.grid.tick),
    note,
  });

describe('selfTradeGate', () => {
  test('is asked for entries only, and cannot be overridden', () => {
    const gate = selfTradeGate(new Book());
    expect([gate.name, gate.appliesTo, gate.overridable]).toEqual(['self-trade', 'entries', undefined]);
  });

  test('denies a purchase that reaches a sale of our own, of whichever account', () => {
    const { ask, id } = withSale();
    expect([ask({ worst: 104 }), ask({ worst: 105 })]).toEqual([approved(), denied(105, 105, id)]);
  });

  test('denies a sale that reaches a purchase of our own', () => {
    const FUTURE = { ...GOLD, kind: 'linear' as const };
    const { ask, work } = world();
    const id = work({ instrument: FUTURE, worst: 95 });
    const sale = (worst: number) => ask({ instrument: FUTURE, side: 'sell', worst });
    expect([sale(96), sale(95)]).toEqual([approved(), denied(95, 95, id)]);
  });

  test('names the oldest of several', () => {
    const { ask, work, id } = withSale();
    work({ accountId: 'other', side: 'sell', worst: 103 });
    expect(ask({ worst: 105 })).toEqual(denied(105, 105, id));
  });

  test('minds neither its own side nor other instruments', () => {
    const { ask, work } = withSale({ worst: 110 });
    work({ worst: 101 });
    expect([ask({ worst: 101 }), ask({ instrument: SILVER, worst: 110 })]).toEqual([approved(), approved()]);
  });

  test.each([
    ['in doubt', { type: 'timedOut', reason: 'no answer' }, 'reject'],
    ['being cancelled', { type: 'cancelRequested' }, 'reject'],
    ['working', { type: 'accepted' }, 'reject'],
    ['rejected', { type: 'rejected', reason: 'no' }, 'approve'],
    ['cancelled, its last fills to come', { type: 'cancelled', cumulative: lots(5) }, 'approve'],
    ['cancelled, nobody knows at what', { type: 'cancelled' }, 'approve'],
  ] as const)('of an order that is %s', (_what, event, decision) => {
    const { ask, tell, id } = withSale();
    tell({ clientOrderId: id, ...event });
    expect(ask({ worst: 105 }).decision).toBe(decision);
  });

  test('an order that is being changed may be at either price', () => {
    const { ask, tell, id } = withSale();
    tell({ type: 'accepted', clientOrderId: id });
    tell({
      type: 'amendRequested',
      clientOrderId: id,
      to: { qty: lots(10), worst: ticks(103), isExit: true },
    });
    expect([ask({ worst: 102 }), ask({ worst: 103 })]).toEqual([approved(), denied(103, 103, id)]);
    tell({ type: 'amended', clientOrderId: id, qty: lots(10), worst: ticks(103) });
    expect(ask({ worst: 103 })).toEqual(denied(103, 103, id));
  });

  test('so may a purchase', () => {
    const FUTURE = { ...GOLD, kind: 'linear' as const };
    const { ask, tell, work } = world();
    const id = work({ instrument: FUTURE, worst: 95 });
    tell({ type: 'accepted', clientOrderId: id });
    tell({
      type: 'amendRequested',
      clientOrderId: id,
      to: { qty: lots(10), worst: ticks(97), isExit: false },
    });
    const sale = (worst: number) => ask({ instrument: FUTURE, side: 'sell', worst });
    expect([sale(98), sale(97)]).toEqual([approved(), denied(97, 97, id)]);
  });

  test('those in the way are all that it would trade with, oldest first', () => {
    const { book, tell, work, id } = withSale();
    const [beyond, next, over] = [106, 104, 103].map((worst) =>
      work({ accountId: 'other', side: 'sell', worst, qty: 1 }),
    );
    tell({ type: 'cancelled', clientOrderId: over ?? '', cumulative: lots(0) });
    const found = Array.from(
      selfCrossing(book, pricedOf({ worst: 105 })),
      ({ order }) => order.clientOrderId,
    );
    expect(found).toEqual([id, next]);
    expect(found).not.toContain(beyond);
  });

  test('lets exits through: they must not be trapped', () => {
    const { ask, trade, work } = world();
    trade({ qty: 10 });
    work({ accountId: 'other', worst: 100 });
    expect(ask({ side: 'sell', worst: 100 })).toEqual(approved(10, true));
  });
});
