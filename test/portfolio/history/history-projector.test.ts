import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { isDeadLetter } from '../../../src/events/dead-letter.ts';
import type { DeliveryContext } from '../../../src/events/index.ts';
import {
  HISTORY_EVENTS,
  type HistoryChange,
  HistoryProjector,
  SqliteTradingHistory,
  type TradingHistory,
} from '../../../src/portfolio/index.ts';
import { SqlTradingHistory } from '../../../src/portfolio/history/sql-trading-history.ts';
import { SqliteHistoryDatabase } from '../../../src/portfolio/history/sqlite-history-database.ts';
import {
  HISTORY_INSTRUMENTS,
  executed,
  historyEvent,
  opened,
  submitted,
} from '../../../src/testing/trading-history-events.ts';
import { SqliteStateStore } from '../../../src/storage/index.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';

const T0 = Date.UTC(2026, 0, 2);
const open = () => SqliteTradingHistory.open({ path: ':memory:' });
const over = (history: TradingHistory) => new HistoryProjector({ history, instruments: HISTORY_INSTRUMENTS });

/** A history whose commits go as the test says. */
async function scripted(answer: (change: HistoryChange) => 'written' | 'conflict' | Error | undefined) {
  const history = await open();
  const { commit } = history;
  const changes: HistoryChange[] = [];
  history.commit = async (change) => {
    changes.push(change);
    const said = answer(change);
    if (said instanceof Error) throw said;
    return said ?? commit.call(history, change);
  };
  return { history, changes };
}

describe('HistoryProjector', () => {
  test('subscribes to what a history is made of, denials and anomalies aside', () => {
    const names = HISTORY_EVENTS.map(({ type }) => type);
    expect(names).toContain('order.executed');
    expect(names).toContain('portfolio.updated');
    expect(names).not.toContain('order.denied');
    expect(names).not.toContain('desk.anomaly-raised');
  });

  test('as a handler it sends what it refuses to the dead letters, and says nothing of the rest', async () => {
    const history = await open();
    const { handler } = over(history);
    const delivery = {} as DeliveryContext;
    expect(await handler(opened(T0), delivery)).toBeUndefined();
    expect(isDeadLetter(await handler({ ...opened(T0), dataversion: 9 }, delivery))).toBe(true);
    expect(isDeadLetter(await handler({ ...opened(T0), time: 'yesterday' }, delivery))).toBe(true);
  });

  test('says in one line why it refuses an event', async () => {
    const event = historyEvent('account.flowed', T0, { accountId: 'acc', flowId: 7 });
    const projected = await over(await open()).project(event);
    expect(projected).toMatchObject({
      outcome: 'refused',
      why: expect.stringMatching(/^account\.flowed: .*flowId: [^\n]*; amount: [^\n]*$/) as string,
    });
  });

  test.each(['before', 'after'])(
    'a fill that comes again while the history is pruned is booked once: %s its mark is read',
    async (when) => {
      const database = new SqliteHistoryDatabase(':memory:');
      const history = new SqlTradingHistory(database);
      const fill = executed(
        T0 + 3,
        { state: 'filled', cumulativeQuantity: '1.000', leavesQuantity: '0.000' },
        { executionId: 'x-1', quantity: '1.000', price: '100' },
      );
      for (const event of [opened(T0), submitted(T0 + 1), fill]) await over(history).project(event);
      const pruning = new SqlTradingHistory({
        prefix: '',
        transaction: (work) => database.transaction(work),
        close: () => database.close(),
        async query(sql, values) {
          if (!sql.includes('history_marks')) return database.query(sql, values);
          if (when === 'before') {
            // Whatever else is asked at the same time is answered from before the history is pruned.
            await new Promise((resolve) => setImmediate(resolve));
            await history.prune(T0 + 1_000);
          }
          const answer = await database.query(sql, values);
          if (when === 'after') await history.prune(T0 + 1_000);
          return answer;
        },
      });
      const again = await over(pruning).project(fill);
      expect(again.outcome === 'written' ? again.gaps.map(({ code }) => code) : again.outcome).toEqual(
        when === 'before' ? ['BEFORE_HORIZON'] : 'duplicate',
      );
      expect((await history.positions()).map(({ quantity }) => quantity)).toEqual(['1.000']);
      expect((await history.balances({ accountId: 'acc' })).map(({ amount }) => amount)).toEqual(['900']);
    },
  );

  test('two that prune at once leave the later horizon', async () => {
    const history = await open();
    await over(history).project(opened(T0));
    await Promise.all([history.prune(T0 + 1_000), history.prune(T0 + 500)]);
    const of = { accountId: 'acc', marks: [], orders: [], instruments: [] };
    expect(await history.standing(of)).toMatchObject({ prunedBeforeMs: T0 + 1_000 });
  });

  test('works an event out anew when somebody else was first', async () => {
    let conflicts = 3;
    const { history, changes } = await scripted(() => (conflicts-- > 0 ? 'conflict' : undefined));
    expect(await over(history).project(opened(T0))).toEqual({ outcome: 'written', gaps: [] });
    expect(changes.length).toBe(4);
  });

  test('gives up where others are always first', async () => {
    const { history } = await scripted(() => 'conflict');
    await expect(over(history).project(opened(T0))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('an event whose write fails is taken when it comes again', async () => {
    let failures = 1;
    const { history } = await scripted(() => (failures-- > 0 ? new Error('the disk is full') : undefined));
    const event = opened(T0);
    await expect(over(history).project(event)).rejects.toThrow('the disk is full');
    expect(await over(history).project(event)).toEqual({ outcome: 'written', gaps: [] });
  });

  test('writes many events of an account in one change, and what stands before a refused one', async () => {
    const { history, changes } = await scripted(() => undefined);
    const events = Array.from({ length: 450 }, (_, at) => submitted(T0 + at, { clientOrderId: `o-${at}` }));
    const strange = historyEvent('account.opened', T0, {});
    await expect(over(history).projectAll([opened(T0), ...events, strange])).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(changes.map(({ marks }) => marks.length)).toEqual([201, 200, 51]);
    expect(await over(history).projectAll([...events, historyEvent('system.health-changed', T0, {})])).toBe(
      0,
    );
  });
});

describe('SqliteTradingHistory', () => {
  test('refuses a file of another program, and a path that is none', async () => {
    await expect(SqliteTradingHistory.open({ path: '' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(SqliteTradingHistory.open({ path: '/nowhere/history.sqlite' })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    const path = join(await temporaryDirectory(), 'state.db');
    await (await SqliteStateStore.open({ path }, { clock: new ManualClock() })).close();
    await expect(SqliteTradingHistory.open({ path })).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  });
});
