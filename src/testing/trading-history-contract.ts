import assert from 'node:assert/strict';
import { ZERO } from '../core/decimal.ts';
import { HistoryProjector } from '../portfolio/history/history-projector.ts';
import type { TradingHistory } from '../portfolio/history/trading-history.ts';
import { contractCase, type ContractCase } from './contract-case.ts';
import {
  HISTORY_INSTRUMENTS,
  equityOf,
  executed,
  historyEvent,
  opened,
  standingEvent,
  submitted,
} from './trading-history-events.ts';

/** One history under test. Each case gets a fresh one. */
export interface TradingHistoryUnderTest {
  /** Empty, never used before. */
  readonly history: TradingHistory;
  /** Closes the history and opens it anew. */
  readonly reopen?: () => Promise<TradingHistory>;
  /** Closes and cleans up. */
  dispose(): Promise<void>;
}

const contract = contractCase<TradingHistoryUnderTest>;
const over = (history: TradingHistory): HistoryProjector =>
  new HistoryProjector({ history, instruments: HISTORY_INSTRUMENTS });

const T0 = Date.UTC(2026, 0, 2);
const FEE = { amount: '0.0123456789', currency: 'USD' };

/** One order, bought in two fills. */
const bought = () => [
  opened(T0),
  submitted(T0 + 1),
  standingEvent('order.accepted', T0 + 2, {}, { venueOrderId: 'v-1' }),
  executed(
    T0 + 3,
    { cumulativeQuantity: '0.400', leavesQuantity: '0.600' },
    { executionId: 'x-1', quantity: '0.400', price: '99.995', fee: FEE },
  ),
  executed(
    T0 + 4,
    { state: 'filled', cumulativeQuantity: '1.000', leavesQuantity: '0.000' },
    { executionId: 'x-2', quantity: '0.600', price: '100' },
  ),
];

const allOf = async <T>(
  ask: (cursor?: string) => Promise<{ readonly items: readonly T[]; readonly next?: string | undefined }>,
): Promise<T[]> => {
  const all: T[] = [];
  for (let page = await ask(); ; page = await ask(page.next)) {
    all.push(...page.items);
    if (page.next === undefined) return all;
  }
};

/** What every `TradingHistory` has to do. */
export const tradingHistoryContract: readonly ContractCase<TradingHistoryUnderTest>[] = [
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
  contract(
    'keeps an order with its fills, and what they did, to the last digit',
    async ({ history, reopen }) => {
      for (const event of bought()) {
        assert.deepEqual(await over(history).project(event), { outcome: 'written', gaps: [] });
      }
      const after = (await reopen?.()) ?? history;
      assert.deepEqual(await after.order('order-1'), {
        clientOrderId: 'order-1',
        intentId: 'intent-order-1',
        accountId: 'acc',
        strategyId: 'trend',
        instrumentId: 'BTC-USD',
        side: 'buy',
        state: 'filled',
        type: 'limit',
        timeInForce: 'GTC',
        postOnly: true,
        reduceOnly: false,
        isExit: false,
        requestedQuantity: '1.000',
        quantity: '1.000',
        worstPrice: '100.00',
        cumulativeQuantity: '1.000',
        leavesQuantity: '0.000',
        filledValue: '99.998',
        venueOrderId: 'v-1',
        limitsHash: 'h',
        atMs: T0 + 1,
        updatedMs: T0 + 4,
      });
      const fills = await after.fills({ clientOrderId: 'order-1' });
      assert.deepEqual(
        fills.items.map(({ executionId, quantity, price, feeAmount }) => [
          executionId,
          quantity,
          price,
          feeAmount,
        ]),
        [
          ['x-2', '0.600', '100', '0'],
          ['x-1', '0.400', '99.995', '0.0123456789'],
        ],
      );
      const [position, ...others] = await after.positions();
      assert.deepEqual(others, []);
      const { quantity, cost, averagePrice, realised, fees, atMs } = position ?? assert.fail();
      assert.deepEqual([quantity, cost, averagePrice], ['1.000', '99.998', '99.998']);
      assert.deepEqual([realised, fees, atMs], ['0', '0.0123456789', T0 + 4]);
      assert.deepEqual(await after.balances({ accountId: 'acc' }), [
        { accountId: 'acc', currency: 'USD', amount: '899.9896543211' },
      ]);
      const { items } = await after.ledger({ accountId: 'acc' });
      assert.deepEqual(
        items.map(({ kind, amount, balance, reference }) => [kind, amount, balance, reference]),
        [
          ['trade', '-60', '899.9896543211', 'order-1'],
          ['fee', '-0.0123456789', '959.9896543211', 'order-1'],
          ['trade', '-39.998', '960.002', 'order-1'],
          ['opening', '1000', '1000', undefined],
        ],
      );
      const sum = items.reduce((total, { amount }) => total.plus(amount), ZERO);
      assert.equal(sum.toFixed(), '899.9896543211');
    },
  ),
  contract('keeps digits that no float has', async ({ history }) => {
    const long = '12345678901234567890.123456789012345678';
    await over(history).project(opened(T0, 'acc', long));
    await over(history).project(
      historyEvent('account.flowed', T0 + 1, {
        ...{ accountId: 'acc', flowId: 'f', amount: '-0.000000000000000001' },
        ...{ by: 'ada', reason: 'test' },
      }),
    );
    assert.deepEqual(await history.balances({ accountId: 'acc' }), [
      { accountId: 'acc', currency: 'USD', amount: '12345678901234567890.123456789012345677' },
    ]);
    assert.deepEqual(
      (await history.equity({ accountId: 'acc' })).map(({ last }) => last),
      [long],
    );
  }),
  contract('takes an event once, and a fact once that other events tell of', async ({ history }) => {
    const projector = over(history);
    for (const event of [...bought(), ...bought().slice(0, 1)]) await projector.project(event);
    const before = await history.ledger({ accountId: 'acc' });
    const again = executed(
      T0 + 3,
      { cumulativeQuantity: '0.400', leavesQuantity: '0.600' },
      { executionId: 'x-1', quantity: '0.400', price: '99.995', fee: FEE },
      'one',
    );
    assert.deepEqual(await projector.project(again), { outcome: 'duplicate' });
    const flow = { accountId: 'acc', flowId: 'f', amount: '5', by: 'ada', reason: 'test' };
    const told = historyEvent('account.flowed', T0 + 5, flow, 'two');
    assert.equal((await projector.project(told)).outcome, 'written');
    assert.equal((await projector.project(told)).outcome, 'duplicate');
    assert.equal((await projector.project({ ...told, id: 'three' })).outcome, 'duplicate');
    const after = await history.ledger({ accountId: 'acc' });
    assert.deepEqual(after.items.slice(1), before.items);
  }),
  contract('takes events of one account from several at once, each once', async ({ history }) => {
    const projectors = [over(history), over(history), over(history)];
    await over(history).project(opened(T0));
    const flows = Array.from({ length: 12 }, (_, at) =>
      historyEvent('account.flowed', T0 + at, {
        ...{ accountId: 'acc', flowId: `f-${at}`, amount: '0.1', by: 'ada', reason: 'test' },
      }),
    );
    const projected = await Promise.all(
      projectors.flatMap((projector) => flows.map((event) => projector.project(event))),
    );
    assert.equal(projected.filter(({ outcome }) => outcome === 'written').length, flows.length);
    assert.deepEqual(await history.balances({ accountId: 'acc' }), [
      { accountId: 'acc', currency: 'USD', amount: '1001.2' },
    ]);
  }),
  contract('refuses versions that it does not know, and leaves other types alone', async ({ history }) => {
    const projector = over(history);
    const refused = await projector.project({ ...opened(T0), dataversion: 2 });
    assert.equal(refused.outcome, 'refused');
    const broken = await projector.project(historyEvent('account.opened', T0, { accountId: 'acc' }));
    assert.equal(broken.outcome, 'refused');
    const other = await projector.project(historyEvent('system.health-changed', T0, {}));
    assert.deepEqual(other, { outcome: 'ignored' });
    assert.deepEqual(await history.accounts(), []);
  }),
  contract('writes nothing of an event that it cannot book', async ({ history }) => {
    await over(history).project(opened(T0));
    const fill = { executionId: 'x', quantity: '1', price: '1' };
    const strange = executed(T0 + 1, { instrumentId: 'XRP-USD', cumulativeQuantity: '1' }, fill);
    await assert.rejects(over(history).project(strange), { code: 'INSTRUMENT_UNKNOWN' });
    const offGrid = executed(T0 + 1, { cumulativeQuantity: '0.0001' }, { ...fill, quantity: '0.0001' });
    await assert.rejects(over(history).project(offGrid), { code: 'NUMBER_INVALID' });
    assert.deepEqual(await history.orders(), { items: [] });
    assert.deepEqual(await history.gaps(), { items: [] });
  }),
  contract('records what is missing, and keeps what there is', async ({ history }) => {
    const projector = over(history);
    const late = executed(
      T0 + 9,
      { cumulativeQuantity: '0.500', leavesQuantity: '0.500' },
      { executionId: 'x-2', quantity: '0.200', price: '100' },
    );
    const projected = await projector.project(late);
    assert.deepEqual(projected.outcome === 'written' ? projected.gaps.map(({ code }) => code) : [], [
      'ACCOUNT_UNKNOWN',
      'ORDER_UNKNOWN',
      'FILLS_MISSING',
    ]);
    assert.equal((await history.fills()).items.length, 1);
    assert.equal((await history.order('order-1'))?.cumulativeQuantity, '0.500');
    assert.deepEqual(
      (await history.positions()).map(({ quantity }) => quantity),
      ['0.200'],
    );
    const gaps = await allOf((cursor) => history.gaps({ accountId: 'acc', limit: 2, cursor }));
    assert.deepEqual(gaps.map(({ code }) => code).sort(), [
      'ACCOUNT_UNKNOWN',
      'FILLS_MISSING',
      'ORDER_UNKNOWN',
    ]);
    assert.deepEqual(
      (await history.accounts()).map(({ isComplete }) => isComplete),
      [false],
    );
  }),
  contract(
    'books margin, funding, adjustments and fees in the base as the Book does',
    async ({ history }) => {
      const projector = over(history);
      const perp = { instrumentId: 'ETH-PERP', clientOrderId: 'p' };
      await projector.projectAll([
        opened(T0),
        submitted(T0 + 1, perp),
        executed(
          T0 + 2,
          { ...perp, cumulativeQuantity: '2.00', leavesQuantity: '0.00' },
          { executionId: 'p-1', quantity: '2.00', price: '100' },
        ),
        historyEvent('account.funded', T0 + 3, {
          ...{ accountId: 'acc', fundingId: 'fu', instrumentId: 'ETH-PERP', amount: '-0.5' },
        }),
        submitted(T0 + 4, { ...perp, clientOrderId: 'q', side: 'sell' }),
        executed(
          T0 + 5,
          { ...perp, clientOrderId: 'q', side: 'sell', cumulativeQuantity: '1.50', leavesQuantity: '0' },
          { executionId: 'q-1', quantity: '1.50', price: '110' },
        ),
        submitted(T0 + 6),
        executed(
          T0 + 7,
          { cumulativeQuantity: '1.000', leavesQuantity: '0' },
          { executionId: 'x', quantity: '1.000', price: '50', fee: { amount: '0.0015', currency: 'BTC' } },
        ),
        historyEvent('account.adjusted', T0 + 8, {
          ...{ accountId: 'acc', adjustmentId: 'a', cash: '-3', by: 'ada', reason: 'test' },
          position: { instrumentId: 'ETH-PERP', quantity: '-0.50', price: '120' },
        }),
      ]);
      const positions = await history.positions({ accountId: 'acc' });
      assert.deepEqual(
        positions.map(({ instrumentId, quantity, realised, fees, funding }) => [
          ...[instrumentId, quantity, realised, fees, funding],
        ]),
        [
          ['BTC-USD', '0.9985', '0', '0.075', '0'],
          ['ETH-PERP', '0.00', '25', '0', '-0.5'],
        ],
      );
      assert.equal(positions[1]?.averagePrice, undefined);
      // 1000 - 0.5 funding + 15 realised - 50 paid - 3 adjusted: what an adjustment realises moves no cash.
      assert.deepEqual((await history.balances({ accountId: 'acc' }))[0]?.amount, '961.5');
      const kinds = (await history.ledger({ accountId: 'acc' })).items.map(({ kind }) => kind);
      assert.deepEqual(kinds, ['adjustment', 'trade', 'trade', 'funding', 'opening']);
    },
  ),
  contract('begins anew with the journal', async ({ history }) => {
    await over(history).projectAll([...bought(), opened(T0 + 10, 'acc', '77')]);
    assert.deepEqual(
      (await history.balances({ accountId: 'acc' })).map(({ amount }) => amount),
      ['77'],
    );
    assert.deepEqual(
      (await history.positions()).map(({ quantity }) => quantity),
      ['0.000'],
    );
    assert.deepEqual(
      (await history.gaps()).items.map(({ code }) => code),
      ['ACCOUNT_REOPENED'],
    );
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
