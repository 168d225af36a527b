import assert from 'node:assert/strict';
import type { ContractCase } from '../contract-case.ts';
import { executed, historyEvent, opened } from '../trading-history-events.ts';
import {
  type TradingHistoryUnderTest,
  T0,
  FEE,
  allOf,
  bought,
  contract,
  over,
} from './trading-history-under-test.ts';

/** What it takes of events: each of them once, nothing of those that it cannot book, and a note of what is missing. */
export const intakeCases: readonly ContractCase<TradingHistoryUnderTest>[] = [
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
];
