import { describe, expect, test } from 'vitest';
import { findOlder } from '../../../src/desk/older-order.ts';
import type { RiskLimitsInput } from '../../../src/risk/index.ts';
import { intent } from '../../support/desk-world.ts';
import { replayAll } from '../../support/replay-world.ts';
import { VerdictWorld } from '../../support/verdict-world.ts';

const limit = (at: string) => ({ type: 'limit', limit: at, postOnly: false }) as const;
const TIGHT = { maxTotalExposure: '1000', maxDailyLoss: '1' };
const scopesOf = (...scopes: readonly NonNullable<RiskLimitsInput['scopes']>[number]['scope'][]) => ({
  scopes: scopes.map((scope) =>
    scope.kind === 'instrument' ? { scope, maxTotalExposure: '1000' } : { scope, ...TIGHT },
  ),
});

describe('a Book of what was recorded', () => {
  test.each<[string, Partial<RiskLimitsInput>, string, 'none' | 'plain' | 'with-correlation']>([
    ['firm', scopesOf({ kind: 'firm' }), 'total-exposure@firm', 'plain'],
    [
      'instrument',
      scopesOf({ kind: 'instrument', id: 'SILVER' }),
      'total-exposure@instrument:SILVER',
      'none',
    ],
    ['strategy', scopesOf({ kind: 'strategy', id: 'a' }), 'total-exposure@strategy:a', 'with-correlation'],
    ['claims', { buyingPower: {} }, 'buying-power', 'plain'],
    ['clusters', { maxClusterExposure: '1000' }, 'correlation', 'with-correlation'],
    ['crossing', { selfTrade: 'cancel-newest' }, 'self-trade', 'none'],
  ])('has what a limit reads: %s', (_what, risk, gate, clusters) => {
    const world = new VerdictWorld({ risk, clusters });
    const ask = (intentId: string, overrides: Parameters<typeof intent>[0] = {}) =>
      world.decide(
        intent({ strategyId: 'a', instrumentId: 'SILVER', intentId, price: limit('100'), ...overrides }),
      );
    ask('a', { quantity: '6' });
    world.fill(0, 1);
    ask('b', { accountId: 'other', quantity: '3' });
    ask('rest', { side: 'sell', quantity: '2', price: limit('103') });
    ask('dax', { instrumentId: 'DAX', quantity: '0.1', strategyId: 'b' });
    ask('meets', { accountId: 'other', quantity: '50', price: limit('104') });
    ask('large', { quantity: '2000' });
    const gates = world.records.flatMap(({ details }) =>
      ((details['denials'] ?? []) as { gate: string }[]).map((denial) => denial.gate),
    );
    expect(gates).toContain(gate);
    const kinds = replayAll(world.records).map(({ kind }) => kind);
    expect(kinds).toEqual(Array<string>(6).fill('same'));
  });
});

describe('findOlder', () => {
  const book = { order: () => undefined };
  const archiveOf = (find: () => Promise<never>, isEmpty = false) =>
    ({ journal: { archive: { isEmpty, find } }, book }) as unknown as Parameters<typeof findOlder>[0];

  test('does not look where nothing is kept', () => {
    const find = () => Promise.reject(new Error('asked'));
    expect(findOlder(archiveOf(find, true), intent())).toBeUndefined();
    expect(findOlder({ journal: {}, book } as never, intent())).toBeUndefined();
  });

  test('denies when nobody can say', async () => {
    const find = () => Promise.reject(new Error('disk'));
    expect(await findOlder(archiveOf(find), intent())).toEqual({
      gate: 'order',
      code: 'KNOWN_IDS_UNAVAILABLE',
      note: 'disk',
    });
  });
});
