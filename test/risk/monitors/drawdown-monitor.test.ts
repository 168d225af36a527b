import { describe, expect, test } from 'vitest';
import { ManualClock, person, system } from '../../../src/core/index.ts';
import { DrawdownMonitor, type DrawdownMonitorOptions, KillSwitch } from '../../../src/risk/index.ts';
import { filledEvent, guardOf } from '../../support/guard.ts';
import { heldOf, instrumentOf } from '../../support/orders.ts';
import { ScriptedStateStore } from '../../support/state-stores.ts';
import { money, quotedAt } from '../../support/views.ts';

const SILVER = instrumentOf({ instrumentId: 'SILVER' });
const SCOPE = { kind: 'account', id: 'acc' } as const;
const TRIPPED = {
  scope: SCOPE,
  state: 'reducing',
  reason: 'drawdown 20.00 % of 1000 reached 20.00 %, equity 800',
  by: system('drawdown-monitor'),
  atMs: 0,
};

/** An account whose whole money, 1,000, is in 10 GOLD at 100: equity is ten times the mark. */
async function watched({ tripAtFraction = 0.2 }: Partial<DrawdownMonitorOptions> = {}) {
  const setup = guardOf({ balance: '1000' });
  setup.trade({ qty: 10 });
  const store = new ScriptedStateStore();
  const killSwitch = await KillSwitch.open({ store, clock: new ManualClock() }, true);
  const monitor = new DrawdownMonitor({ tripAtFraction }, { book: setup.book, killSwitch });
  return {
    ...setup,
    store,
    killSwitch,
    monitor,
    /** Marks, checks, and tells what the switch says then. */
    at(mark: number) {
      setup.book.mark(quotedAt(mark));
      monitor.check();
      return killSwitch.tradingState();
    },
    release: () =>
      killSwitch.release({ scope: SCOPE, confirm: 'account:acc', reason: 'understood', by: person('ann') }),
  };
}

describe('DrawdownMonitor', () => {
  test('does not trip just before the threshold', async () => {
    const { at } = await watched({ tripAtFraction: 0.2001 });
    expect(at(80)).toBe('active');
  });

  test('trips the account to reducing at the threshold, and says why', async () => {
    const { at, killSwitch } = await watched();
    at(80);
    expect(killSwitch.records()).toEqual([TRIPPED]);
  });

  test('measures from the highest equity', async () => {
    const { at } = await watched();
    expect([at(125), at(101), at(100)]).toEqual(['active', 'active', 'reducing']);
  });

  test('never fires on an account that does nothing, however often it looks', async () => {
    const { book, killSwitch } = await watched();
    book.openAccount('idle', 'USDT', '0');
    book.openAccount('idle too', 'USDT', '500');
    const monitor = new DrawdownMonitor({ tripAtFraction: 0.01 }, { book, killSwitch });
    for (let i = 0; i < 10; i += 1) monitor.check();
    expect(killSwitch.records()).toEqual([]);
  });

  test('a withdrawal is no fall', async () => {
    const { book, at } = await watched();
    book.flow('acc', '-500', person('ann'), 'rent');
    expect(at(100)).toBe('active');
  });

  test('trips only the account that fell', async () => {
    const { book, at, killSwitch } = await watched();
    book.openAccount('other', 'USDT', '1000');
    at(80);
    expect(killSwitch.records().map(({ scope }) => scope)).toEqual([SCOPE]);
  });

  test('equity that is unknown does not trip', async () => {
    const { book, monitor, killSwitch } = await watched();
    const unmarked = heldOf({ intentId: 'silver', instrument: SILVER });
    book.hold(unmarked);
    book.keep(unmarked);
    book.apply(filledEvent(unmarked.clientOrderId, 10));
    monitor.check();
    expect([book.account('acc')?.drawdownFraction, killSwitch.records()]).toEqual([NaN, []]);
  });

  test('trips once: the same fall is not written again and again', async () => {
    const { at, store } = await watched();
    at(80);
    at(79);
    at(70);
    await new ManualClock().turn();
    expect(store.written.length).toBe(2); // the new directory, and the trip
  });

  test('what a person has released stays released on the same fall', async () => {
    const { at, release } = await watched();
    at(80);
    await release();
    expect([at(80), at(70)]).toEqual(['active', 'active']);
  });

  test('a trip and a release re-base nothing: the next fall is measured from the same high', async () => {
    const { at, release, book } = await watched();
    at(80);
    await release();
    at(90);
    expect([book.account('acc')?.highWater, at(81), at(80)]).toEqual([money(1_000), 'active', 'reducing']);
  });

  test('never fires on a whole idle day: without a trade there is no fall', async () => {
    const { book, killSwitch } = await watched();
    const monitor = new DrawdownMonitor({ tripAtFraction: 0.000_001 }, { book, killSwitch });
    for (let minute = 0; minute < 1_440; minute += 1) monitor.check();
    expect(killSwitch.records()).toEqual([]);
  });

  test('trips to what it was told to', async () => {
    const { book, killSwitch } = await watched();
    new DrawdownMonitor({ tripAtFraction: 0.2, to: 'halted' }, { book, killSwitch }).check();
    book.mark(quotedAt(80));
    new DrawdownMonitor({ tripAtFraction: 0.2, to: 'halted' }, { book, killSwitch }).check();
    expect(killSwitch.records().map(({ state }) => state)).toEqual(['halted']);
  });

  test('after a release trips again once the account had recovered and fell anew', async () => {
    const { at, release } = await watched();
    at(80);
    await release();
    expect([at(81), at(80)]).toEqual(['active', 'reducing']);
  });

  test('also when it recovered before it was released', async () => {
    const { at, release } = await watched();
    at(80);
    at(81);
    await release();
    expect([at(81), at(80)]).toEqual(['active', 'reducing']);
  });

  test('not knowing the equity for a while is no recovery', async () => {
    const { at, book, monitor, killSwitch, release } = await watched();
    at(80);
    await release();
    const unmarked = heldOf({ intentId: 'silver', instrument: SILVER });
    book.hold(unmarked);
    monitor.check();
    book.drop(unmarked);
    monitor.check();
    expect(killSwitch.tradingState()).toBe('active');
  });

  test('trips in memory though the disk refuses', async () => {
    const { at, store } = await watched();
    store.mode = 'refuse';
    expect(at(80)).toBe('reducing');
  });

  test.each([0, -0.1, 1.1, NaN])('refuses a threshold of %s by name', async (tripAtFraction) => {
    await expect(watched({ tripAtFraction })).rejects.toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('tripAtFraction') as string,
      }),
    );
  });
});
