import { describe, expect, test } from 'vitest';
import { permissionGate } from '../../../src/risk/index.ts';
import { instrumentOf, pricedOf } from '../../support/orders.ts';
import { riskViewOf } from '../../support/views.ts';

const SILVER = instrumentOf({ instrumentId: 'SILVER' });

describe('permissionGate', () => {
  const gateOf = () => permissionGate({ strat: ['GOLD'], 'all-rounder': 'all', idle: [] });
  const ask = (strategyId: string, instrument = instrumentOf()) =>
    gateOf().check(pricedOf({ strategyId, instrument }), riskViewOf());
  const denial = (strategyId: string, measured: string) => ({
    gate: 'permission',
    code: 'NOT_PERMITTED',
    measured,
    note: strategyId,
  });

  test('is asked for entries only, and can be overridden', () => {
    expect(gateOf()).toMatchObject({ name: 'permission', appliesTo: 'entries', overridable: true });
  });

  test('lets a strategy enter what it is permitted, and nothing else', () => {
    expect([ask('strat'), ask('strat', SILVER)]).toEqual([undefined, denial('strat', 'SILVER')]);
  });

  test('lets one enter everything that is permitted all', () => {
    expect([ask('all-rounder'), ask('all-rounder', SILVER)]).toEqual([undefined, undefined]);
  });

  test.each(['idle', 'stranger', 'constructor', '__proto__'])('lets %s enter nothing', (strategyId) => {
    expect(ask(strategyId)).toEqual(denial(strategyId, 'GOLD'));
  });
});
