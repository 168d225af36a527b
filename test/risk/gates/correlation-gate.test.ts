import { describe, expect, test } from 'vitest';
import { units } from '../../../src/core/index.ts';
import { type Clusters, correlationGate } from '../../../src/risk/index.ts';
import type { CellView } from '../../../src/trading/index.ts';
import { GOLD, instrumentOf, pricedOf } from '../../support/orders.ts';
import { accountOf, cellOf, money, riskViewOf } from '../../support/views.ts';

const SILVER = instrumentOf({ instrumentId: 'SILVER' });
const WHEAT = instrumentOf({ instrumentId: 'WHEAT' });
const metals: Clusters = { correlated: (a, b) => a !== 'WHEAT' && b !== 'WHEAT' };

interface Case {
  readonly held?: readonly CellView[];
  readonly after: number;
  readonly before?: number;
  readonly limit?: number;
  readonly clusters?: Clusters;
}
const ask = ({ held = [], after, before = 0, limit = 1_000, clusters = metals }: Case) =>
  correlationGate(money(limit), clusters).check(
    pricedOf(),
    riskViewOf({
      account: accountOf({ held: before === 0 ? held : [...held, cellOf(GOLD, { pos: 1, worst: before })] }),
      worstBefore: money(before),
      worstAfter: money(after),
    }),
  );
const silver = (worst: number) => cellOf(SILVER, { pos: 1, worst });
const wheat = (worst: number) => cellOf(WHEAT, { pos: 1, worst });
const denial = (measured: string, note: string, limit = '1000') => ({
  gate: 'correlation',
  code: 'CLUSTER_EXPOSURE_LIMIT',
  measured,
  limit,
  note,
});

describe('correlationGate', () => {
  test('is asked for entries only', () => {
    expect(correlationGate(money(1))).toMatchObject({ name: 'correlation', appliesTo: 'entries' });
  });

  test('lets an entry through that takes its cluster exactly to the limit', () => {
    expect(ask({ held: [silver(600)], after: 400 })).toBeUndefined();
  });

  test('denies one millionth more, and says with what it moves', () => {
    expect(ask({ held: [silver(600), wheat(1)], after: 400.000001 })).toEqual(
      denial('1000.000001', 'moves with SILVER'),
    );
  });

  test('what does not move with it does not count', () => {
    expect(ask({ held: [wheat(5_000)], after: 1_000 })).toBeUndefined();
  });

  test('counts its own instrument once, with the order', () => {
    expect(ask({ before: 500, after: 1_000 })).toBeUndefined();
  });

  test('gives no credit for a hedge: exposure is gross', () => {
    expect(ask({ held: [cellOf(SILVER, { pos: -6, worst: 600 })], after: 401 })).toEqual(
      denial('1001', 'moves with SILVER'),
    );
  });

  test('takes everything for correlated as long as nothing is known', () => {
    const gate = correlationGate(money(1_000));
    const account = accountOf({
      held: [silver(300), wheat(300), cellOf(instrumentOf({ instrumentId: 'OIL' }), {})],
    });
    expect(gate.check(pricedOf(), riskViewOf({ account, worstAfter: money(401) }))).toEqual(
      denial('1001', 'moves with SILVER, WHEAT'),
    );
  });

  test('says so when it is the order alone', () => {
    expect(ask({ after: 1_001 })).toEqual(denial('1001', 'moves with nothing else held'));
  });

  test('over the limit lets an entry through that does not grow the exposure', () => {
    expect(ask({ held: [silver(2_000)], before: 50, after: 50 })).toBeUndefined();
  });

  test('over the limit denies an entry that grows it', () => {
    expect(ask({ held: [silver(2_000)], before: 50, after: 51 })).toEqual(
      denial('2051', 'moves with SILVER'),
    );
  });

  test('denies when a mark is missing anywhere in the cluster', () => {
    expect(ask({ held: [silver(NaN)], after: 1 })).toEqual(denial('NaN', 'moves with SILVER'));
  });

  test('does not mind a missing mark outside of the cluster', () => {
    expect(ask({ held: [wheat(NaN)], after: 1 })).toBeUndefined();
  });

  test('denies an order without a mark', () => {
    expect(ask({ after: NaN })).toEqual(denial('NaN', 'moves with nothing else held'));
  });

  test('with a limit of 0 takes no entry', () => {
    expect(ask({ before: 5, after: 5, limit: 0 })).toEqual(denial('5', 'moves with nothing else held', '0'));
  });

  test('with a limit of NaN denies', () => {
    expect(correlationGate(units(NaN)).check(pricedOf(), riskViewOf({ worstAfter: money(1) }))).toEqual(
      denial('1', 'moves with nothing else held', 'NaN'),
    );
  });

  test('says how closely each member moves with it, and which count only because nothing is known', () => {
    const known: Clusters = {
      correlated: () => true,
      correlation: (a, b) => (a === 'GOLD' && b === 'SILVER' ? -0.834 : undefined),
    };
    expect(ask({ held: [silver(600), wheat(1)], after: 400, clusters: known })).toEqual(
      denial('1001', 'moves with SILVER (-0.83), WHEAT (unknown)'),
    );
  });

  const crowd = (size: number) =>
    Array.from({ length: size }, (_, i) =>
      cellOf(instrumentOf({ instrumentId: `M${i}` }), { pos: 1, worst: 200 }),
    );

  test('names eight members', () => {
    expect(ask({ held: crowd(8), after: 1 })).toEqual(
      denial('1601', 'moves with M0, M1, M2, M3, M4, M5, M6, M7'),
    );
  });

  test('counts further ones, so that a verdict stays short', () => {
    expect(ask({ held: crowd(10), after: 1 })).toEqual(
      denial('2001', 'moves with M0, M1, M2, M3, M4, M5, M6, M7 and 2 more'),
    );
  });

  test('over several accounts counts an instrument in each, and names it once', () => {
    const row = accountOf({
      held: [cellOf(GOLD, { pos: 1, worst: 100 }), silver(300), cellOf(GOLD, { worst: 200 }), silver(400)],
    });
    const view = riskViewOf({ row, worstBefore: money(100), worstAfter: money(101) });
    expect(correlationGate(money(1_000), metals).check(pricedOf(), view)).toEqual(
      denial('1001', 'moves with SILVER'),
    );
  });

  test('measures the same when it lets an order through', () => {
    const view = riskViewOf({ account: accountOf({ held: [silver(600)] }), worstAfter: money(400) });
    const gate = correlationGate(money(1_000), metals);
    expect([gate.check(pricedOf(), view), gate.measure?.(pricedOf(), view)]).toEqual([
      undefined,
      { measured: '1000', limit: '1000', note: 'moves with SILVER' },
    ]);
  });
});
