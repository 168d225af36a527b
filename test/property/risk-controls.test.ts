import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { RiskGuard, type RiskLimitsInput, type RiskVerdict, parseRiskLimits } from '../../src/risk/index.ts';
import { Book } from '../../src/trading/index.ts';
import { WIDE, bookDigest, filledEvent, withoutReservation } from '../support/guard.ts';
import { instrumentOf, pricedOf } from '../support/orders.ts';
import { quotedAt } from '../support/views.ts';

const RUNS = { numRuns: 500 };
const INSTRUMENTS = ['GOLD', 'SILVER'].map((instrumentId) => instrumentOf({ instrumentId }));

type Scoped = NonNullable<RiskLimitsInput['scopes']>[number];
type Control = Pick<
  RiskLimitsInput,
  | 'restricted'
  | 'permissions'
  | 'tradingHours'
  | 'maxOrderQuantity'
  | 'maxOrderValue'
  | 'buyingPower'
  | 'maxCapital'
  | 'selfTrade'
  | 'messageRate'
  | 'repeatedExecution'
  | 'duplicateWindowMs'
>;

const counts = fc.record({ max: fc.integer({ min: 1, max: 4 }), windowMs: fc.constantFrom(1, 100, 1_000) });
const money = (most: number) => fc.integer({ min: 0, max: most }).map(String);

/** Any one of the controls that every scope may have. */
const anywhere: fc.Arbitrary<Control> = fc.oneof(
  fc.record({ restricted: fc.subarray(['GOLD', 'SILVER']) }),
  fc.record({ permissions: fc.constantFrom({}, { strat: 'all' as const }, { strat: ['GOLD'] }) }),
  fc.record({
    tradingHours: fc.constantFrom('12:00', '00:00').map((to) => ({
      sessions: [{ days: ['thu' as const, 'fri' as const], from: '00:00', to }],
    })),
  }),
  fc.record({ maxOrderQuantity: money(40) }),
  fc.record({ maxOrderValue: money(4_000) }),
  fc.record({ selfTrade: fc.constantFrom('cancel-newest' as const, 'cancel-oldest' as const) }),
  fc.record({ messageRate: counts }),
  fc.record({ repeatedExecution: counts }),
  fc.record({ duplicateWindowMs: fc.constantFrom(1, 100, 1_000) }),
);
const ofAccounts: fc.Arbitrary<Control> = fc.oneof(
  anywhere,
  fc.record({ maxCapital: money(8_000) }),
  fc.record({ buyingPower: fc.record({ feeBps: fc.constantFrom(0, 10, 500) }) }),
);
/** Limits with one control somewhere. */
const controls = fc.oneof<fc.Arbitrary<Partial<RiskLimitsInput>>[]>(
  ofAccounts,
  fc
    .record({
      scope: fc.constantFrom<Scoped['scope']>(
        { kind: 'firm' },
        { kind: 'venue', id: 'here' },
        { kind: 'strategy', id: 'strat' },
        { kind: 'instrument', id: 'GOLD' },
      ),
      control: anywhere,
    })
    .map(({ scope, control }) => ({ scopes: [{ scope, ...control }] })),
  fc
    .record({ scope: fc.constant<Scoped['scope']>({ kind: 'account', id: 'acc' }), control: ofAccounts })
    .map(({ scope, control }) => ({ scopes: [{ scope, ...control }] })),
);

const orders = fc.record({
  accountId: fc.constantFrom('acc', 'other'),
  strategyId: fc.constantFrom('strat', 'another'),
  instrument: fc.constantFrom(...INSTRUMENTS),
  side: fc.constantFrom('buy' as const, 'buy' as const, 'sell' as const),
  qty: fc.integer({ min: 1, max: 30 }),
  worst: fc.constantFrom(95, 100, 105),
});
type Asked = typeof orders extends fc.Arbitrary<infer T> ? T : never;

const steps = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), order: orders }),
  fc.record({ kind: fc.constant('fill' as const), pick: fc.nat({ max: 9 }) }),
  fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat({ max: 9 }) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom<number>(1, 50, 400) }),
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** A guard with these limits, and one without over the same Book. */
function world(limits: Partial<RiskLimitsInput>) {
  const clock = new ManualClock();
  const book = new Book();
  for (const accountId of ['acc', 'other']) book.openAccount(accountId, 'USDT', '5000');
  const mark = (): void => {
    for (const { instrumentId } of INSTRUMENTS)
      book.mark(quotedAt(100, { instrumentId, receivedMonotonicMs: clock.monotonicMs() }));
  };
  mark();
  const killSwitch = { tradingState: () => 'active' as const };
  const guard = new RiskGuard({ ...WIDE, ...limits }, { book, clock, killSwitch, venueName: 'here' });
  const free = new RiskGuard(WIDE, { book, clock, killSwitch, venueName: 'here' });
  const sent: string[] = [];
  const priced = (order: Asked, intentId: string) =>
    pricedOf({
      ...order,
      intentId,
      view: quotedAt(100, {
        instrumentId: order.instrument.instrumentId,
        receivedMonotonicMs: clock.monotonicMs(),
      }),
    });
  const run = (step: Step): void => {
    if (step.kind === 'wait') {
      clock.advance(step.ms);
      mark();
      return;
    }
    if (step.kind !== 'send') {
      const clientOrderId = sent[step.pick];
      const qty = book.order(clientOrderId ?? '')?.leaves ?? 0;
      if (clientOrderId === undefined || qty === 0) return;
      if (step.kind === 'cancel') guard.apply({ type: 'cancelRequested', clientOrderId, atMs: 0 });
      else guard.apply(filledEvent(clientOrderId, qty));
      return;
    }
    const verdict = guard.reserve(priced(step.order, `sent-${sent.length}`));
    if (verdict.decision === 'reject') return;
    verdict.reservation.keep();
    sent.push(verdict.reservation.order.clientOrderId);
  };
  return { clock, book, guard, free, run, priced };
}

const histories = fc.array(steps, { maxLength: 20, size: 'max' });
const quantityOf = (verdict: RiskVerdict): number => (verdict.decision === 'reject' ? 0 : verdict.quantity);

describe('any control after any history', () => {
  test.prop([histories, orders, controls, controls], RUNS)(
    'one more never lets through what was denied, nor more of it',
    (history, order, limits, further) => {
      const { guard, run, priced } = world(limits);
      for (const step of history) run(step);
      const asked = priced(order, 'asked');
      const before = quantityOf(guard.evaluate(asked));
      guard.tighten(parseRiskLimits({ ...WIDE, ...further }));
      expect(quantityOf(guard.evaluate(asked))).toBeLessThanOrEqual(before);
    },
  );

  test.prop([histories, orders, controls], RUNS)(
    'evaluating, explaining and what is dropped change nothing: neither the Book nor any counter',
    (history, order, limits) => {
      const { book, guard, run, priced } = world(limits);
      for (const step of history) run(step);
      const asked = priced(order, 'asked');
      const before = [guard.evaluate(asked), guard.explain(asked), bookDigest(book)];
      for (let n = 0; n < 5; n += 1) {
        guard.evaluate(asked);
        expect(withoutReservation(guard.reserve(asked))).toEqual(before[0]);
      }
      expect([guard.evaluate(asked), guard.explain(asked), bookDigest(book)]).toEqual(before);
    },
  );

  test.prop([histories, orders, controls], RUNS)(
    'an exit passes every control, but for the window of equal contents',
    (history, order, limits) => {
      const { guard, free, run, priced } = world(limits);
      for (const step of history) run(step);
      const asked = priced({ ...order, side: 'sell' }, 'asked');
      const without = free.evaluate(asked);
      const verdict = guard.evaluate(asked);
      const codes = verdict.decision === 'reject' ? verdict.denials.map(({ code }) => code) : [];
      // A control of a strategy minds what is an exit for the account, but not for the strategy.
      const isExempt = !JSON.stringify(limits).includes('"strategy"') && !codes.includes('DUPLICATE_CONTENT');
      if (isExempt && without.decision !== 'reject' && without.isExit) expect(verdict).toEqual(without);
    },
  );

  test.prop([fc.array(orders, { maxLength: 20, size: 'max' }), counts], RUNS)(
    'in no window are more entries sent than the rate allows',
    (asked, rate) => {
      const { clock, guard, run } = world({ messageRate: rate });
      const times: number[] = [];
      const sent = (): number => [...guard.book.orders()].length;
      for (const order of asked) {
        const before = sent();
        run({ kind: 'send', order: { ...order, side: 'buy', accountId: 'acc' } });
        if (sent() > before) times.push(clock.monotonicMs());
        run({ kind: 'wait', ms: (order.qty * 7) % 60 });
      }
      const crowded = times.filter(
        (ms, index) => ms - (times[index - rate.max] ?? -Infinity) < rate.windowMs,
      );
      expect(crowded).toEqual([]);
    },
  );
});
