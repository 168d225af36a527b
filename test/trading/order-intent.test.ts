import { describe, expect, test } from 'vitest';
import { decimal } from '../../src/core/index.ts';
import { type OrderIntent, sameIntent } from '../../src/trading/index.ts';
import { intentOf } from './builders.ts';

const limit = (overrides: object = {}): OrderIntent =>
  intentOf({ price: { type: 'limit', limit: '100', ...overrides } });
const market = (maxSlippageBps: number): OrderIntent =>
  intentOf({ price: { type: 'market', maxSlippageBps } });

describe('sameIntent', () => {
  test.each([
    ['itself', intentOf(), intentOf()],
    [
      'the same quantity, written differently',
      intentOf({ quantity: '10' }),
      intentOf({ quantity: '10.000' }),
    ],
    ['the same quantity as a bigint', intentOf({ quantity: '10' }), intentOf({ quantity: 10n })],
    ['the same quantity as a Decimal', intentOf({ quantity: '10.0' }), intentOf({ quantity: decimal('10') })],
    ['the same limit, written differently', limit({ limit: '100' }), limit({ limit: '100.00' })],
    ['a default spelt out: reduceOnly', intentOf(), intentOf({ reduceOnly: false })],
    ['a default spelt out: GTC', limit(), limit({ timeInForce: 'GTC' })],
    ['the same slippage', market(5), market(5)],
  ])('is the same: %s', (_, a, b) => {
    expect([sameIntent(a, b), sameIntent(b, a)]).toEqual([true, true]);
  });

  test.each([
    ['account', intentOf(), intentOf({ accountId: 'other' })],
    ['strategy', intentOf(), intentOf({ strategyId: 'other' })],
    ['instrument', intentOf(), intentOf({ instrumentId: 'SILVER' })],
    ['side', intentOf(), intentOf({ side: 'sell' })],
    ['quantity', intentOf(), intentOf({ quantity: '10.0000000001' })],
    ['reduceOnly', intentOf(), intentOf({ reduceOnly: true })],
    ['limit', limit(), limit({ limit: '100.01' })],
    ['post-only', limit(), limit({ postOnly: true })],
    ['post-only left open', limit({ postOnly: false }), limit()],
    ['time in force', limit(), limit({ timeInForce: 'IOC' })],
    ['slippage', market(5), market(6)],
    ['type', market(5), limit()],
    ['a quantity that is none', intentOf({ quantity: 'x' }), intentOf({ quantity: 'x' })],
  ])('is another: %s', (_, a, b) => {
    expect([sameIntent(a, b), sameIntent(b, a)]).toEqual([false, false]);
  });
});
