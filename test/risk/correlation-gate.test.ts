import { describe, expect, test } from 'vitest';
import { units } from '../../src/core/index.ts';
import { type Clusters, correlationGate } from '../../src/risk/index.ts';
import type { CellView } from '../../src/trading/index.ts';
import { GOLD, instrumentOf, pricedOf } from '../support/orders.ts';
import { accountOf, cellOf, money, riskViewOf } from '../support/views.ts';

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
      account: accountOf({ held }),
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
    const own = cellOf(GOLD, { pos: 1, worst: 500 });
    expect(ask({ held: [own], before: 500, after: 1_000 })).toBeUndefined();
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
});
