import { expect, test } from 'vitest';
import { controlled } from './support/controls.ts';
import { instrumentOf, pricedOf } from '../support/orders.ts';
import { quotedAt } from '../support/views.ts';

test('orders on margin beyond the mark are approved as often as there is cash for what they lose at once', () => {
  const instrument = instrumentOf({ instrumentId: 'FUT', kind: 'linear', initialMarginFraction: '0.1' });
  const { book, guard } = controlled({ limits: { buyingPower: {} }, balance: '1000' });
  book.mark(quotedAt(100, { instrumentId: 'FUT' }));
  // Each takes 100 of margin at the mark and loses 400 at once.
  const decisions = ['a', 'b', 'c', 'd', 'e'].map((intentId) => {
    const verdict = guard.reserve(pricedOf({ instrument, qty: 10, worst: 140, intentId }));
    if (verdict.decision === 'approve') verdict.reservation.keep();
    return verdict.decision;
  });
  expect(decisions).toEqual(['approve', 'approve', 'reject', 'reject', 'reject']);
  expect(book.account('acc')).toMatchObject({ claimed: 800_000_000, margin: 200_000_000, freeCash: 0 });
});
