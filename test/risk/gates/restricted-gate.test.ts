import { describe, expect, test } from 'vitest';
import { restrictedGate } from '../../../src/risk/index.ts';
import { instrumentOf, pricedOf } from '../../support/orders.ts';
import { riskViewOf } from '../../support/views.ts';

const SILVER = instrumentOf({ instrumentId: 'SILVER' });

describe('restrictedGate', () => {
  const gateOf = () => restrictedGate(['GOLD', 'WHEAT']);

  test('is asked for entries only, so that what is held can be left', () => {
    expect(gateOf()).toMatchObject({ name: 'restricted', appliesTo: 'entries', overridable: true });
  });

  test('denies what is on the list, and names it', () => {
    expect(gateOf().check(pricedOf(), riskViewOf())).toEqual({
      gate: 'restricted',
      code: 'INSTRUMENT_RESTRICTED',
      measured: 'GOLD',
    });
  });

  test('lets through what is not', () => {
    expect(gateOf().check(pricedOf({ instrument: SILVER }), riskViewOf())).toBeUndefined();
  });

  test('an empty list restricts nothing', () => {
    expect(restrictedGate([]).check(pricedOf(), riskViewOf())).toBeUndefined();
  });
});
