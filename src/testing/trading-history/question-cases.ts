import assert from 'node:assert/strict';
import type { TradingHistory } from '../../portfolio/history/trading-history.ts';
import type { ContractCase } from '../contract-case.ts';
import { executed, opened, submitted } from '../trading-history-events.ts';
import {
  type TradingHistoryUnderTest,
  T0,
  allOf,
  bought,
  contract,
  over,
} from './trading-history-under-test.ts';

/** What it answers: who asks for what, of which time, page by page. */
export const questionCases: readonly ContractCase<TradingHistoryUnderTest>[] = [
  contract('knows nothing at first', async ({ history }) => {
    assert.deepEqual(await history.orders(), { items: [] });
    assert.deepEqual(await history.fills(), { items: [] });
    assert.deepEqual(await history.positions(), []);
    assert.deepEqual(await history.balances({ accountId: 'acc' }), []);
    assert.deepEqual(await history.ledger({ accountId: 'acc' }), { items: [] });
    assert.deepEqual(await history.equity({ accountId: 'acc' }), []);
    assert.deepEqual(await history.accounts(), []);
    assert.deepEqual(await history.gaps(), { items: [] });
    assert.equal(await history.order('order-1'), undefined);
  }),
  contract('finds orders by what they are, newest first, page by page', async ({ history }) => {
    await over(history).project(opened(T0));
    const events = Array.from({ length: 25 }, (_, at) =>
      submitted(T0 + Math.floor(at / 3), {
        clientOrderId: `order-${String(at).padStart(2, '0')}`,
        accountId: at % 2 === 0 ? 'acc' : 'other',
        strategyId: at % 5 === 0 ? 'mean' : 'trend',
        instrumentId: at % 4 === 0 ? 'ETH-PERP' : 'BTC-USD',
        state: at % 3 === 0 ? 'working' : 'submitting',
      }),
    );
    await over(history).projectAll(events);
    const newest = Array.from({ length: 25 }, (_, at) => `order-${String(24 - at).padStart(2, '0')}`);
    const ids = async (query: Parameters<TradingHistory['orders']>[0]): Promise<string[]> =>
      (await allOf((cursor) => history.orders({ ...query, cursor }))).map((order) => order.clientOrderId);
    assert.deepEqual(await ids({}), newest);
    assert.deepEqual(await ids({ limit: 4 }), newest);
    const only = (is: (at: number) => boolean): string[] => newest.filter((id) => is(Number(id.slice(6))));
    assert.deepEqual(
      await ids({ accountId: 'other', limit: 5 }),
      only((at) => at % 2 === 1),
    );
    assert.deepEqual(
      await ids({ strategyId: 'mean', limit: 2 }),
      only((at) => at % 5 === 0),
    );
    assert.deepEqual(
      await ids({ instrumentId: 'ETH-PERP' }),
      only((at) => at % 4 === 0),
    );
    assert.deepEqual(
      await ids({ states: ['working'] }),
      only((at) => at % 3 === 0),
    );
    assert.deepEqual(await ids({ states: ['filled', 'rejected'] }), []);
    assert.deepEqual(
      await ids({ fromMs: T0 + 2, toMs: T0 + 4 }),
      only((at) => at >= 6 && at < 12),
    );
    assert.deepEqual(
      await ids({ accountId: 'acc', strategyId: 'trend', instrumentId: 'BTC-USD', limit: 1 }),
      only((at) => at % 2 === 0 && at % 5 !== 0 && at % 4 !== 0),
    );
  }),
  contract('tells positions and balances as they were', async ({ history }) => {
    await over(history).projectAll(bought());
    const at = async (atMs: number) => [
      (await history.positions({ atMs })).map(({ quantity }) => quantity),
      (await history.balances({ accountId: 'acc', atMs })).map(({ amount }) => amount),
    ];
    assert.deepEqual(await at(T0 - 1), [[], []]);
    assert.deepEqual(await at(T0 + 2), [[], ['1000']]);
    assert.deepEqual(await at(T0 + 3), [['0.400'], ['959.9896543211']]);
    assert.deepEqual(await at(T0 + 3.9), [['0.400'], ['959.9896543211']]);
    assert.deepEqual(await at(T0 + 1e9), [['1.000'], ['899.9896543211']]);
    assert.deepEqual(await history.positions({ instrumentId: 'ETH-PERP' }), []);
  }),
  contract(
    'tells the last of them as the last, also where the clock of a new owner is behind',
    async ({ history }) => {
      const sold = { clientOrderId: 'o-2', side: 'sell' } as const;
      const done = { state: 'filled', cumulativeQuantity: '1.000', leavesQuantity: '0.000' };
      await over(history).projectAll([
        opened(T0),
        submitted(T0 + 1),
        executed(T0 + 10_000, done, { executionId: 'x-1', quantity: '1.000', price: '100' }),
        submitted(T0 + 5_000, sold),
        executed(T0 + 5_001, { ...sold, ...done }, { executionId: 'x-2', quantity: '1.000', price: '110' }),
      ]);
      const now = [await history.positions(), await history.balances({ accountId: 'acc' })];
      assert.deepEqual(
        now.map((rows) => rows.map((row) => ('amount' in row ? row.amount : row.quantity))),
        [['0.000'], ['1010']],
      );
      const later = async () => [
        await history.positions({ atMs: T0 + 1e9 }),
        await history.balances({ accountId: 'acc', atMs: T0 + 1e9 }),
      ];
      assert.deepEqual(await later(), now);
      const { items } = await history.ledger({ accountId: 'acc' });
      assert.deepEqual(
        items.map(({ balance }) => balance),
        ['1010', '900', '1000'],
      );
      // What was said by whom, and when, stays.
      const fills = await history.fills();
      assert.deepEqual(
        fills.items.map(({ executionId, atMs }) => [executionId, atMs]),
        [
          ['x-1', T0 + 10_000],
          ['x-2', T0 + 5_001],
        ],
      );
      await history.prune(T0 + 20_000);
      assert.deepEqual(await later(), now);
    },
  ),
  contract('refuses a query that is none', async ({ history }) => {
    const invalid = { code: 'INPUT_INVALID' };
    await assert.rejects(history.orders({ limit: 0 }), invalid);
    await assert.rejects(history.orders({ cursor: 'x' }), invalid);
    await assert.rejects(history.fills({ limit: 1_001 }), invalid);
    await assert.rejects(history.equity({ accountId: 'acc', points: 0 }), invalid);
    await assert.rejects(history.prune(NaN), invalid);
    await over(history).projectAll(bought());
    const { next } = await history.fills({ limit: 1 });
    assert.equal(typeof next, 'string');
    await assert.rejects(history.orders({ cursor: next }), invalid);
  }),
  contract('is unavailable once closed; a second close is harmless', async ({ history }) => {
    await history.close();
    await history.close();
    await assert.rejects(history.orders(), { code: 'STORE_UNAVAILABLE' });
    await assert.rejects(over(history).project(opened(T0)), { code: 'STORE_UNAVAILABLE' });
  }),
];
