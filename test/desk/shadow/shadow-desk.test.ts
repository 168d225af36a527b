import { describe, expect, test } from 'vitest';
import { AuditLog } from '../../../src/audit/index.ts';
import { ManualClock, SeededRandom, TradingDay, decimal, lots } from '../../../src/core/index.ts';
import { type OrderEvent } from '../../../src/trading/index.ts';
import {
  ShadowDesk,
  type ShadowDeskDeps,
  type ShadowDeskOptions,
} from '../../../src/desk/shadow/shadow-desk.ts';
import type { ShadowVerdict } from '../../../src/desk/shadow/shadow-report.ts';
import { ExecutionPolicy } from '../../../src/execution/index.ts';
import { RiskGuard, type RiskLimitsInput, type TradingState } from '../../../src/risk/index.ts';
import { MemoryAppendLog } from '../../../src/storage/index.ts';
import { Book, type OrderIntent } from '../../../src/trading/index.ts';
import {
  DeskWorld,
  INSTRUMENTS,
  NOON_MS,
  ONE_ID,
  WIDE_EXECUTION,
  WIDE_RISK,
  idOf,
  intent,
  view,
} from '../../support/desk-world.ts';
import { replayAll, recordsIn } from '../../support/replay-world.ts';

interface Options {
  readonly risk?: Partial<RiskLimitsInput>;
  readonly clock?: ManualClock;
  readonly options?: ShadowDeskOptions;
  readonly deps?: Partial<ShadowDeskDeps>;
}

function shadowOf({ risk = {}, clock = new ManualClock(NOON_MS), options = {}, deps = {} }: Options = {}) {
  const book = new Book();
  book.openAccount('acc', 'USDT', '10000');
  const trading: { state: TradingState } = { state: 'active' };
  const killSwitch = { tradingState: () => trading.state };
  const guard = new RiskGuard({ ...WIDE_RISK, ...risk }, { book, clock, killSwitch });
  const policy = new ExecutionPolicy(WIDE_EXECUTION);
  const shadow = new ShadowDesk(options, {
    book,
    guard,
    policy,
    killSwitch,
    instruments: INSTRUMENTS,
    clock,
    ...deps,
  });
  const mark = (price: number, instrumentId = 'GOLD') => {
    shadow.mark(
      view(price, { instrumentId, receivedMonotonicMs: clock.monotonicMs(), receivedMs: clock.nowMs() }),
    );
  };
  const cell = () => {
    const { pos, buy, sell } = book.cell('acc', 'GOLD') ?? { pos: 0, buy: 0, sell: 0 };
    return { pos, buy, sell };
  };
  mark(100);
  return { clock, book, guard, policy, trading, shadow, mark, cell };
}

const filled = (clientOrderId: string, quantity: number, executionId = 'x1'): OrderEvent => ({
  type: 'filled',
  clientOrderId,
  atMs: NOON_MS,
  fill: {
    executionId,
    quantity: lots(quantity),
    price: decimal('100'),
    fee: { amount: decimal('0'), currency: 'USDT' },
    liquidity: 'maker',
  },
});

describe('an order that was sent', () => {
  test('is approved, and works', () => {
    const { shadow, cell } = shadowOf();
    expect(shadow.observe(intent())).toEqual({
      atMs: NOON_MS,
      intent: intent(),
      decision: 'approved',
      denials: [],
      quantity: 10,
      clientOrderId: ONE_ID,
    });
    expect(cell()).toEqual({ pos: 0, buy: 10, sell: 0 });
  });

  test('works although it would have been denied', () => {
    const { shadow, cell } = shadowOf({ risk: { maxPositionNotional: '500' } });
    expect(shadow.observe(intent(), 7)).toMatchObject({
      atMs: 7,
      decision: 'denied',
      denials: [{ code: 'POSITION_SIZE_LIMIT', measured: '1000', limit: '500' }],
      clientOrderId: ONE_ID,
    });
    expect(cell()).toEqual({ pos: 0, buy: 10, sell: 0 });
    expect(shadow.happened(filled(ONE_ID, 4))).toBe('applied');
    expect(cell()).toEqual({ pos: 4, buy: 6, sell: 0 });
  });

  test('works as it was sent although less would have gone', () => {
    const { shadow, cell } = shadowOf({ risk: { maxTotalExposure: '400' } });
    expect(shadow.observe(intent())).toMatchObject({
      decision: 'resized',
      denials: [{ code: 'TOTAL_EXPOSURE_LIMIT' }],
      quantity: 4,
      clientOrderId: ONE_ID,
    });
    expect(cell()).toEqual({ pos: 0, buy: 10, sell: 0 });
    expect(shadow.happened({ type: 'accepted', clientOrderId: ONE_ID, atMs: 0 })).toBe('applied');
    expect(shadow.happened(filled(ONE_ID, 10))).toBe('applied');
    expect(cell()).toEqual({ pos: 10, buy: 0, sell: 0 });
  });

  test.each([
    ['messages', { messageRate: { max: 2, windowMs: 60_000 } }, 'MESSAGE_RATE_LIMIT', /^within/],
    ['repetitions', { repeatedExecution: { max: 2, windowMs: 60_000 } }, 'REPEATED_EXECUTION', /^2 entries/],
  ])('counts among %s although it would have been denied', (_what, risk, code, note) => {
    const { shadow, trading } = shadowOf({ risk });
    trading.state = 'halted';
    shadow.observe(intent({ intentId: 'a' }));
    trading.state = 'active';
    expect(shadow.observe(intent({ intentId: 'b', quantity: '2' }))).toMatchObject({ decision: 'approved' });
    expect(shadow.observe(intent({ intentId: 'c', quantity: '3' }))).toMatchObject({
      decision: 'denied',
      denials: [{ code, note: expect.stringMatching(note) as string }],
    });
  });

  test('counts as content that was sent although it would have been denied', () => {
    const { shadow, trading } = shadowOf({ risk: { duplicateWindowMs: 60_000 } });
    trading.state = 'halted';
    shadow.observe(intent({ intentId: 'a' }));
    trading.state = 'active';
    expect(shadow.observe(intent({ intentId: 'b' }))).toMatchObject({
      denials: [{ code: 'DUPLICATE_CONTENT', note: idOf('a') }],
    });
    expect(shadow.observe(intent({ intentId: 'c', quantity: '9' }))).toMatchObject({ denials: [] });
  });

  test('does not close the latch of its strategy when it would have been denied', () => {
    const risk = { repeatedExecution: { max: 1, windowMs: 60_000 } };
    const { shadow, trading, clock } = shadowOf({ risk });
    trading.state = 'halted';
    shadow.observe(intent({ intentId: 'a' }));
    trading.state = 'active';
    expect(shadow.observe(intent({ intentId: 'b' }))).toMatchObject({ decision: 'denied' });
    clock.advance(60_000);
    expect(shadow.observe(intent({ intentId: 'c' }))).toMatchObject({ decision: 'approved' });
  });

  test('is one message although less would have gone', () => {
    const { shadow } = shadowOf({
      risk: { maxTotalExposure: '400', messageRate: { max: 2, windowMs: 60_000 } },
    });
    expect(shadow.observe(intent({ intentId: 'a' }))).toMatchObject({ decision: 'resized' });
    const { denials } = shadow.observe(intent({ intentId: 'b' }));
    expect(denials.map(({ code }) => code)).toEqual(['TOTAL_EXPOSURE_LIMIT']);
    expect(shadow.observe(intent({ intentId: 'c' })).denials).toContainEqual(
      expect.objectContaining({ code: 'MESSAGE_RATE_LIMIT', measured: 2 }),
    );
  });

  test.each([
    ['denied', { maxPositionNotional: '500' }],
    ['resized', { maxTotalExposure: '400' }],
  ])('spends the slippage of all that was sent: %s', (decision, risk) => {
    const { shadow, policy } = shadowOf({ risk });
    const asked = intent({ price: { type: 'limit', limit: '103', postOnly: false } });
    expect(shadow.observe(asked)).toMatchObject({ decision });
    const day = new TradingDay().dayOf(NOON_MS);
    expect(policy.spentOn(day)).toEqual({ total: 30_000_000, byStrategy: { strat: 30_000_000 } });
  });

  test('counts once', () => {
    const { shadow, cell } = shadowOf();
    shadow.observe(intent());
    expect(shadow.observe(intent())).toMatchObject({ decision: 'duplicate', clientOrderId: ONE_ID });
    expect(cell()).toEqual({ pos: 0, buy: 10, sell: 0 });
  });

  test('cannot be sold short, but was', () => {
    const { shadow, cell } = shadowOf();
    expect(shadow.observe(intent({ side: 'sell' }))).toMatchObject({
      decision: 'denied',
      denials: [{ code: 'SHORT_NOT_ALLOWED' }],
    });
    expect(cell()).toEqual({ pos: 0, buy: 0, sell: 10 });
  });

  test.each([
    ['that cannot be read', { quantity: 'ten' }],
    ['of no account', { accountId: 'nobody' }],
    ['of no instrument', { instrumentId: 'TIN' }],
  ])('%s is denied, and not taken', (_what, overrides) => {
    const { shadow, book } = shadowOf();
    const verdict = shadow.observe(intent(overrides));
    expect([verdict.decision, verdict.clientOrderId]).toEqual(['denied', undefined]);
    expect([[...book.orders()].length, shadow.report().notTaken]).toEqual([0, 1]);
  });

  test('under an id with other content is denied, and the first stays', () => {
    const { shadow, cell } = shadowOf();
    shadow.observe(intent());
    expect(shadow.observe(intent({ quantity: '11' }))).toMatchObject({
      denials: [{ code: 'INTENT_CHANGED' }],
    });
    expect(cell().buy).toBe(10);
  });
});

describe('what happens', () => {
  test('to an order that was never observed is external when it is a fill, and somebody says whose', () => {
    const { shadow, book, cell } = shadowOf();
    const of = { accountId: 'acc', instrumentId: 'GOLD', side: 'buy' } as const;
    expect(shadow.happened(filled('theirs', 3), of)).toBe('applied');
    expect(shadow.happened(filled('theirs', 3), of)).toBe('duplicate');
    expect(cell()).toEqual({ pos: 3, buy: 0, sell: 0 });
    expect([...book.orders()].map(({ order }) => order.strategyId)).toEqual(['external']);
    expect(shadow.report()).toMatchObject({ external: 1, unknown: 0 });
  });

  test.each([
    ['a fill of which nobody says whose it is', filled('theirs', 3), undefined],
    [
      'a fill of an instrument that is not known',
      filled('theirs', 3),
      { accountId: 'acc', instrumentId: 'TIN', side: 'buy' } as const,
    ],
    ['anything else', { type: 'accepted', clientOrderId: 'theirs', atMs: 0 } as const, undefined],
  ])('to an order that was never observed is counted only: %s', (_what, event, of) => {
    const { shadow, book } = shadowOf();
    expect(shadow.happened(event, of)).toEqual({ anomaly: 'ORDER_UNKNOWN' });
    expect([[...book.orders()].length, shadow.report().unknown]).toEqual([0, 1]);
  });

  test('and cannot be is counted as the anomaly that it is', () => {
    const { shadow } = shadowOf();
    shadow.observe(intent());
    shadow.happened(filled(ONE_ID, 11));
    expect(shadow.report().anomalies).toEqual({ OVERFILL: 1 });
  });
});

describe('the report', () => {
  test('has what would have been denied and made smaller, by gate and code, the worst first', () => {
    const risk = { maxTotalExposure: '1000', maxOrderValue: '1500' };
    const { shadow } = shadowOf({ risk, options: { examples: 2 } });
    for (const [index, quantity] of ['16', '40', '20', '30', '5'].entries()) {
      const intentId = `i${index}`;
      shadow.observe(intent({ intentId, quantity }));
      shadow.happened({ type: 'rejected', clientOrderId: idOf(intentId), atMs: 0, reason: 'no' });
    }
    shadow.observe(intent({ intentId: 'resized', quantity: '12' }));
    const report = shadow.report();
    expect(report).toMatchObject({
      orders: 6,
      approved: 1,
      resized: 1,
      denied: 4,
      duplicates: 0,
      notTaken: 0,
    });
    expect(
      report.reasons.map(({ worst, ...reason }) => ({
        ...reason,
        worst: worst.map(({ intent: { quantity } }) => quantity),
      })),
    ).toEqual([
      { gate: 'total-exposure', code: 'TOTAL_EXPOSURE_LIMIT', denied: 4, resized: 1, worst: ['40', '30'] },
      { gate: 'order-value', code: 'ORDER_VALUE_LIMIT', denied: 4, resized: 0, worst: ['40', '30'] },
    ]);
    expect(report.reasons[1]?.worst[0]).toEqual({
      atMs: NOON_MS,
      intent: intent({ intentId: 'i1', quantity: '40' }),
      decision: 'denied',
      measured: '4000',
      limit: '1500',
    });
  });

  test('names an order at which nothing was measured as well', () => {
    const { shadow, trading } = shadowOf();
    trading.state = 'halted';
    shadow.observe(intent());
    const [reason] = shadow.report().reasons;
    expect(reason).toMatchObject({ code: 'KILL_SWITCH_HALTED', denied: 1, worst: [{ decision: 'denied' }] });
  });
});

describe('verdicts', () => {
  test('are told as they are given, also past a listener that throws', () => {
    const { shadow } = shadowOf();
    const heard: ShadowVerdict[] = [];
    shadow.onVerdict(() => {
      throw new Error('listener');
    });
    const listening = shadow.onVerdict((verdict) => heard.push(verdict));
    const verdict = shadow.observe(intent());
    listening[Symbol.dispose]();
    shadow.observe(intent({ intentId: 'two' }));
    expect(heard).toEqual([verdict]);
    expect(shadow.report().anomalies).toEqual({ LISTENER_FAILED: 2 });
  });

  test('stand in the audit log with what they were made from, and can be made again', async () => {
    const log = new MemoryAppendLog();
    const clock = new ManualClock(NOON_MS);
    const audit = await AuditLog.open(log, { clock });
    const { shadow } = shadowOf({ clock, deps: { audit }, risk: { maxTotalExposure: '1400' } });
    shadow.observe(intent());
    shadow.observe(intent({ intentId: 'two' }));
    shadow.observe(intent({ intentId: 'three' }));
    await clock.turn();
    const records = await recordsIn(log);
    expect(records.map(({ kind, details }) => [kind, details['decision']])).toEqual([
      ['limits.in-force', undefined],
      ['shadow.decided', 'held'],
      ['shadow.decided', 'held'],
      ['shadow.decided', 'denied'],
    ]);
    expect(replayAll(records)).toEqual(Array.from({ length: 3 }, () => ({ kind: 'same', notes: [] })));
  });

  test('are given when the audit log cannot be written, and that is counted', async () => {
    const audit = { record: () => Promise.reject(new Error('disk')) };
    const { shadow, clock } = shadowOf({ deps: { audit } });
    expect(shadow.observe(intent()).decision).toBe('approved');
    await clock.turn();
    expect(shadow.report().anomalies).toEqual({ AUDIT_FAILED: 2 });
  });
});

test('a shadow obeys the kill switch of its guard, and no other', () => {
  expect(() => shadowOf({ deps: { killSwitch: { tradingState: () => 'active' } } })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
});

test('a day of a desk: the shadow of it gives the same verdicts', async () => {
  const risk = { maxTotalExposure: '3500', maxPositionNotional: '3400', maxDailyLoss: '150' };
  const world = await DeskWorld.open({ risk, desk: { reconcileEveryMs: 'never' } });
  const { clock } = world;
  const { shadow, mark, cell } = shadowOf({ clock, risk });
  const random = new SeededRandom(7);
  const price = { GOLD: 100, SILVER: 100 };
  mark(100, 'SILVER');
  const kinds: Record<string, number> = {};
  // What the venue says to the desk, the shadow hears as the desk has counted it.
  const sent = new Set<string>();
  world.desk.onEvent((event) => {
    if (event.kind !== 'order' || !sent.has(event.event.clientOrderId)) return;
    expect(shadow.happened(event.event)).toBe('applied');
  });
  for (let step = 0; step < 1_500; step += 1) {
    clock.advance(random.integer(1, 60_000));
    const instrumentId = random.next() < 0.7 ? 'GOLD' : 'SILVER';
    const choice = random.next();
    if (choice < 0.3) {
      price[instrumentId] = Math.min(130, Math.max(70, price[instrumentId] + random.integer(-2, 2)));
    } else if (choice < 0.7) {
      await ordered(`i${step}`, instrumentId);
    } else {
      const open = [...world.book.liveOrders()];
      const row = open[random.integer(0, Math.max(0, open.length - 1))];
      if (row !== undefined && choice < 0.93)
        world.driver.fill(row.order.clientOrderId, `x${step}`, String(random.integer(1, row.leaves)), {
          price: String(row.order.worst),
        });
      else if (row !== undefined) {
        const { cumulative } = row;
        world.driver.tell({
          type: 'cancelled',
          clientOrderId: row.order.clientOrderId,
          cumulative: String(cumulative),
        });
      }
    }
    for (const id of ['GOLD', 'SILVER'] as const) {
      world.mark(price[id], id);
      mark(price[id], id);
    }
    await world.drain();
    expect(cell()).toEqual(world.cell());
  }

  async function ordered(intentId: string, instrumentId: string): Promise<void> {
    for (const id of ['GOLD', 'SILVER'] as const) {
      world.mark(price[id], id);
      mark(price[id], id);
    }
    const asked: OrderIntent = intent({
      intentId,
      instrumentId,
      side: random.next() < 0.6 ? 'buy' : 'sell',
      quantity: String(random.integer(1, 25)),
      price: {
        type: 'limit',
        limit: String(price[instrumentId as 'GOLD'] + random.integer(-3, 3)),
        postOnly: false,
      },
    });
    const id = idOf(intentId);
    const verdict = shadow.observe(asked);
    if (verdict.decision !== 'denied') sent.add(id);
    const said = clock.nowMs();
    const outcome = await world.drained(world.desk.submit(asked));
    const denials =
      outcome.kind === 'denied'
        ? outcome.denials
        : outcome.kind === 'accepted' && outcome.reduced
          ? [outcome.reduced]
          : [];
    const quantity = outcome.kind === 'accepted' ? outcome.quantity : undefined;
    expect({ denials: verdict.denials, quantity: verdict.quantity }).toEqual({ denials, quantity });
    kinds[verdict.decision] = (kinds[verdict.decision] ?? 0) + 1;
    if (verdict.decision === 'denied') {
      // The desk did not send it, so it never was.
      if (verdict.clientOrderId !== undefined)
        shadow.happened({ type: 'rejected', clientOrderId: id, atMs: said, reason: 'not sent' });
    } else if (verdict.decision === 'resized' && quantity !== undefined) {
      const order = world.book.order(id)?.order;
      if (order === undefined) throw new Error('not there');
      const to = { qty: order.qty, worst: order.worst, isExit: order.isExit };
      shadow.happened({ type: 'amendRequested', clientOrderId: id, atMs: said, to });
      shadow.happened({ type: 'amended', clientOrderId: id, atMs: said, qty: order.qty, worst: order.worst });
    }
  }

  expect(Object.keys(kinds).sort()).toEqual(['approved', 'denied', 'resized']);
  expect(Math.min(...Object.values(kinds))).toBeGreaterThan(10);
}, 60_000);
