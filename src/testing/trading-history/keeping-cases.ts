import assert from 'node:assert/strict';
import { ZERO } from '../../core/decimal.ts';
import type { ContractCase } from '../contract-case.ts';
import { equityOf, executed, submitted } from '../trading-history-events.ts';
import { type TradingHistoryUnderTest, T0, bought, contract, over } from './trading-history-under-test.ts';

/** What it keeps over a long time: the curve of equity, and what is left once it was pruned. */
export const keepingCases: readonly ContractCase<TradingHistoryUnderTest>[] = [
  contract('keeps the equity that two sources tell under one id', async ({ history }) => {
    const told = ['/a', '/b'].map((source, at) => ({ ...equityOf(T0, `${900 + at}`), id: '7', source }));
    assert.equal(await over(history).projectAll(told), 2);
    const points = await history.equity({ accountId: 'acc' });
    assert.deepEqual(
      points.map(({ last }) => last),
      ['900', '901'],
    );
  }),
  contract('makes fewer points of equity, and loses neither peak nor fall', async ({ history }) => {
    const equities = ['1000', '1010', '5', '1005', '1020.5', '1001', '990', '1002', '1003', '1004'];
    await over(history).projectAll(
      equities.map((equity, at) => equityOf(T0 + at * 1000, equity, equity === '5' ? 0.995 : 0)),
    );
    const points = await history.equity({ accountId: 'acc', points: 2 });
    assert.deepEqual(points, [
      {
        ...{ accountId: 'acc', fromMs: T0, toMs: T0 + 4000, samples: 5 },
        ...{ first: '1000', last: '1020.5', min: '5', max: '1020.5' },
        ...{ balance: '1020.5', highWater: '1000', drawdownFraction: 0.995 },
      },
      {
        ...{ accountId: 'acc', fromMs: T0 + 5000, toMs: T0 + 9000, samples: 5 },
        ...{ first: '1001', last: '1004', min: '990', max: '1004' },
        ...{ balance: '1004', highWater: '1000', drawdownFraction: 0 },
      },
    ]);
    const all = await history.equity({ accountId: 'acc' });
    assert.deepEqual(
      all.map(({ last }) => last),
      equities,
    );
    const some = await history.equity({ accountId: 'acc', fromMs: T0 + 1000, toMs: T0 + 3000 });
    assert.deepEqual(
      some.map(({ first }) => first),
      ['1010', '5'],
    );
    assert.deepEqual(await history.equity({ accountId: 'acc', fromMs: T0 + 1e6 }), []);
  }),
  contract('prunes what is old, and keeps what is open, held and owned', async ({ history }) => {
    const projector = over(history);
    const open = { clientOrderId: 'open', cumulativeQuantity: '0.100', leavesQuantity: '0.900' };
    await projector.projectAll([
      ...bought(),
      submitted(T0 + 5, { clientOrderId: 'open' }),
      executed(T0 + 6, open, { executionId: 'o-1', quantity: '0.100', price: '90' }),
      equityOf(T0 + 7, '999'),
      equityOf(T0 + 8, '998'),
    ]);
    const held = await history.positions();
    const owned = await history.balances({ accountId: 'acc' });
    // Samples: the opening and the first of two; entries: all five of them but one that carries.
    assert.deepEqual(await history.prune(T0 + 100), {
      ...{ orders: 1, fills: 2, positionChanges: 2, entries: 4, samples: 2 },
    });
    assert.deepEqual(
      (await history.orders()).items.map(({ clientOrderId }) => clientOrderId),
      ['open'],
    );
    assert.deepEqual(
      (await history.fills()).items.map(({ executionId }) => executionId),
      ['o-1'],
    );
    assert.deepEqual(await history.positions(), held);
    assert.deepEqual(await history.positions({ atMs: T0 + 100 }), held);
    assert.deepEqual(await history.balances({ accountId: 'acc' }), owned);
    const entries = async () => (await history.ledger({ accountId: 'acc' })).items;
    assert.deepEqual(
      (await entries()).map(({ kind, amount }) => [kind, amount]),
      [['carried', owned[0]?.amount]],
    );
    // What may have been taken is not taken again.
    const again = await projector.project(bought()[3] ?? assert.fail());
    assert.deepEqual(again.outcome === 'written' && again.gaps.map(({ code }) => code), ['BEFORE_HORIZON']);
    await projector.project(
      executed(
        T0 + 100,
        { ...open, cumulativeQuantity: '0.200', leavesQuantity: '0.800' },
        { executionId: 'o-2', quantity: '0.100', price: '90' },
      ),
    );
    assert.deepEqual(
      (await history.positions()).map(({ quantity }) => quantity),
      ['1.200'],
    );
    const sum = (await entries()).reduce((total, { amount }) => total.plus(amount), ZERO);
    assert.equal(sum.toFixed(), (await history.balances({ accountId: 'acc' }))[0]?.amount);
    assert.deepEqual(
      (await history.gaps()).items.map(({ code }) => code),
      ['BEFORE_HORIZON'],
    );
    assert.equal((await history.prune(T0 + 50)).entries, 0);
  }),
];
