import { describe, expect, test } from 'vitest';
import { lots } from '../../src/core/index.ts';
import { deny } from '../../src/trading/index.ts';
import { guardOf } from '../support/guard.ts';
import { heldOf, instrumentOf, pricedOf } from '../support/orders.ts';
import { NO, atMost, exposureDenial, gateOf, passed, rejected } from './support/verdicts.ts';

describe('RiskGuard, reducing', () => {
  test('reduces to what fits, and says because of what', () => {
    const { guard } = guardOf({ limits: { maxTotalExposure: '750' } });
    expect(guard.evaluate(pricedOf())).toEqual(
      passed('resize', 7, false, { because: exposureDenial('1000', '750') }),
    );
  });

  test('takes the smallest of several reductions', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(8, 'a'), atMost(3, 'b'), atMost(5, 'c')] } });
    expect(guard.evaluate(pricedOf())).toEqual(
      passed('resize', 3, false, { because: deny('b', 'ABOVE_MAXIMUM') }),
    );
  });

  test('finds the smallest at once: each gate is asked twice, not once per reduction', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(8, 'a'), atMost(3, 'b')] } });
    guard.reserve(pricedOf());
    expect(new Set(guard.status().map(({ checked }) => checked))).toEqual(new Set([2]));
  });

  test('of two that reduce to the same the first says why', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(3, 'a'), atMost(3, 'b')] } });
    expect(guard.evaluate(pricedOf())).toEqual(
      passed('resize', 3, false, { because: deny('a', 'ABOVE_MAXIMUM') }),
    );
  });

  test('the smallest is taken at once wherever it stands: the others have no second say', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(3, 'a'), atMost(8, 'b')] } });
    guard.reserve(pricedOf());
    expect(guard.status().map(({ reduced }) => reduced)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  });

  test('reduces again what was reduced and still does not pass', () => {
    const second = gateOf((_order, { qty }) =>
      qty > 4 && qty < 8 ? { reduceTo: lots(2), because: deny('own', 'BELOW_MINIMUM') } : undefined,
    );
    const { guard } = guardOf({ deps: { gates: [atMost(7, 'first'), second] } });
    expect(guard.evaluate(pricedOf())).toEqual(
      passed('resize', 2, false, { because: deny('own', 'BELOW_MINIMUM') }),
    );
  });

  test('a denial wins over a reduction, and both are told', () => {
    const { guard } = guardOf({ limits: { maxTotalExposure: '750', maxPositionNotional: '999' } });
    expect(guard.evaluate(pricedOf())).toEqual(
      rejected(
        { gate: 'position-size', code: 'POSITION_SIZE_LIMIT', measured: '1000', limit: '999' },
        exposureDenial('1000', '750'),
      ),
    );
  });

  test('a denial of the reduced quantity tells why it was reduced', () => {
    const { guard } = guardOf({
      limits: { maxTotalExposure: '750' },
      deps: { gates: [gateOf((_order, { qty }) => (qty === 10 ? undefined : NO))] },
    });
    expect(guard.evaluate(pricedOf())).toEqual(rejected(NO, exposureDenial('1000', '750')));
  });

  test('what is reduced below the minimum is rejected with both, never rounded up', () => {
    const { guard } = guardOf({ limits: { maxTotalExposure: '750' } });
    const instrument = instrumentOf({ minQuantity: '8' });
    expect(guard.evaluate(pricedOf({ instrument }))).toEqual(
      rejected(
        { gate: 'order', code: 'BELOW_MINIMUM', measured: 7, limit: 8 },
        exposureDenial('1000', '750'),
      ),
    );
  });

  test.each([0, -1, NaN, 10, 11, 0.5])('a reduction of 10 to %s is none, and denies', (reduceTo) => {
    const { guard, book } = guardOf({
      deps: { gates: [gateOf(() => ({ reduceTo: lots(reduceTo), because: NO }))] },
    });
    const flat = heldOf({ intentId: 'earlier' });
    book.hold(flat); // the cell is there, and empty
    book.drop(flat);
    expect(guard.evaluate(pricedOf())).toEqual(rejected(NO));
  });

  test('rounds a reduction down to whole lots', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(3.9)] } });
    expect(guard.evaluate(pricedOf())).toEqual(
      passed('resize', 3, false, { because: deny('own', 'ABOVE_MAXIMUM') }),
    );
  });

  test('denies where a gate would leave nothing', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(0)] } });
    expect(guard.evaluate(pricedOf())).toEqual(rejected(deny('own', 'ABOVE_MAXIMUM')));
  });

  test('reduces as often as there are gates, and no more', () => {
    const gates = [
      gateOf((_order, { qty }) => (qty > 11 ? { reduceTo: lots(qty - 1), because: NO } : undefined)),
    ];
    const { guard } = guardOf({ deps: { gates } });
    const count = guard.status().length;
    expect([
      guard.evaluate(pricedOf({ qty: 11 + count })),
      guard.evaluate(pricedOf({ qty: 12 + count })),
    ]).toEqual([
      passed('resize', 11, false, { because: NO }),
      rejected({ gate: 'risk-guard', code: 'GATE_FAILED', note: 'the gates kept reducing' }, NO),
    ]);
  });

  test('ends when a gate reduces for ever', () => {
    const endless = gateOf((_order, { qty }) => ({ reduceTo: lots(qty - 1), because: NO }));
    const { guard } = guardOf({ deps: { gates: [endless] } });
    expect(guard.evaluate(pricedOf({ qty: 1_000 }))).toEqual(
      rejected({ gate: 'risk-guard', code: 'GATE_FAILED', note: 'the gates kept reducing' }, NO),
    );
  });
});
