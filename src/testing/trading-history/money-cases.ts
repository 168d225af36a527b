import assert from 'node:assert/strict';
import { ZERO } from '../../core/decimal.ts';
import type { ContractCase } from '../contract-case.ts';
import { executed, historyEvent, opened, submitted } from '../trading-history-events.ts';
import { type TradingHistoryUnderTest, T0, bought, contract, over } from './trading-history-under-test.ts';

/** What events do to orders, positions and cash, to the last digit. */
export const moneyCases: readonly ContractCase<TradingHistoryUnderTest>[] = [
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
];
