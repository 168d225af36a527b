import { describe, expect, test } from 'vitest';
import { FIRM, type Scope, inScope, scopeKey } from '../../src/risk/index.ts';
import { pricedOf } from '../support/orders.ts';

const order = pricedOf({ accountId: 'acc', strategyId: 'strat' });

describe('inScope', () => {
  test.each<[Scope, boolean]>([
    [FIRM, true],
    [{ kind: 'venue', id: 'paper' }, true],
    [{ kind: 'venue', id: 'other' }, false],
    [{ kind: 'account', id: 'acc' }, true],
    [{ kind: 'account', id: 'strat' }, false],
    [{ kind: 'strategy', id: 'strat' }, true],
    [{ kind: 'strategy', id: 'acc' }, false],
    [{ kind: 'instrument', id: 'GOLD' }, true],
    [{ kind: 'instrument', id: 'SILVER' }, false],
  ])('%o: %s', (scope, expected) => {
    expect(inScope(scope, order, 'paper')).toBe(expected);
  });

  test('an order that goes nobody knows where is in every venue', () => {
    expect(inScope({ kind: 'venue', id: 'other' }, order)).toBe(true);
  });
});

test('scopeKey tells scopes of the same id apart', () => {
  const scopes: readonly Scope[] = [FIRM, { kind: 'account', id: 'firm' }, { kind: 'strategy', id: 'firm' }];
  expect(scopes.map(scopeKey)).toEqual(['firm', 'account:firm', 'strategy:firm']);
});
