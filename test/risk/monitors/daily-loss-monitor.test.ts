import { describe, expect, test } from 'vitest';
import { person, system } from '../../../src/core/index.ts';
import { DailyLossMonitor, type DailyLossMonitorOptions } from '../../../src/risk/index.ts';
import { filledEvent, guardOf } from '../../support/guard.ts';
import { heldOf, instrumentOf } from '../../support/orders.ts';
import { quotedAt } from '../../support/views.ts';
import { DAY_MS, tripping } from '../support/trips.ts';

const SCOPE = { kind: 'account', id: 'acc' } as const;
const SILVER = instrumentOf({ instrumentId: 'SILVER' });

/** An account that opened the day with 1,000, all of it in 10 GOLD at 100: a mark less is a loss of 10. */
function watched(options: DailyLossMonitorOptions = { tripAtLoss: '200' }) {
  const setup = guardOf({ balance: '1000' });
  setup.trade({ qty: 10 });
  const { trips, killSwitch } = tripping();
  const monitor = new DailyLossMonitor(options, { book: setup.book, killSwitch });
  return {
    ...setup,
    trips,
    monitor,
    /** Marks, checks, and tells how often it has tripped. */
    at(mark: number) {
      setup.book.mark(quotedAt(mark));
      monitor.check();
      return trips.length;
    },
  };
}

describe('DailyLossMonitor', () => {
  test('does not trip just before the loss', () => {
    const { at } = watched({ tripAtLoss: '200.000001' });
    expect(at(80)).toBe(0);
  });

  test('trips the account at the loss, open positions included, and says why', () => {
    const { at, trips } = watched();
    at(80);
    expect(trips).toEqual([
      {
        scope: SCOPE,
        to: 'reducing',
        reason: 'loss of the day 200 reached 200, day open 1000',
        by: system('daily-loss-monitor'),
      },
    ]);
  });

  test('trips to what it was told to', () => {
    const { at, trips } = watched({ tripAtLoss: '200', to: 'halted' });
    at(70);
    expect(trips.map(({ to }) => to)).toEqual(['halted']);
  });

  test('never fires on a whole idle day, rolls and flat accounts included', () => {
    const { book, clock, monitor, trips } = watched({ tripAtLoss: '0.000001' });
    book.openAccount('flat', 'USDT', '0');
    for (let minute = 0; minute < 1_440; minute += 1) {
      clock.advance(DAY_MS / 1_440);
      if (minute === 720) book.roll(book.planRoll('2026-01-03', clock.nowMs()));
      monitor.check();
    }
    expect(trips).toEqual([]);
  });

  test('trips once: what a person has released stays released on the same loss', () => {
    const { at } = watched();
    expect([at(80), at(79), at(50)]).toEqual([1, 1, 1]);
  });

  test('trips again when the loss was smaller in between', () => {
    const { at } = watched();
    expect([at(80), at(81), at(80)]).toEqual([1, 1, 2]);
  });

  test('a new day begins anew, and re-bases to its own open only', () => {
    const { at, book } = watched();
    at(80);
    book.roll(book.planRoll('2026-01-03', 0));
    expect([at(80), at(61), at(60)]).toEqual([1, 1, 2]);
  });

  test('a withdrawal is no loss, a deposit no profit', () => {
    const { at, book } = watched();
    book.flow('acc', '-500', person('ann'), 'rent');
    const withdrawn = at(100);
    book.flow('acc', '5000', person('ann'), 'savings');
    expect([withdrawn, at(80)]).toEqual([0, 1]);
  });

  test('equity that is unknown does not trip, and is no recovery', () => {
    const { at, book, monitor, trips } = watched();
    at(80);
    const unmarked = heldOf({ intentId: 'silver', instrument: SILVER });
    book.hold(unmarked);
    monitor.check();
    const equity = book.account('acc')?.dayPnl;
    book.drop(unmarked);
    monitor.check();
    expect([equity, trips.length]).toEqual([NaN, 1]);
  });

  test('a price that was not a number for a while does not switch it off', () => {
    const { at, book, monitor } = watched();
    book.mark(quotedAt(NaN));
    monitor.check();
    expect(at(80)).toBe(1);
  });

  test('a loss on a position that was never marked is not guessed', () => {
    const { book, monitor, trips } = watched();
    const unmarked = heldOf({ intentId: 'silver', instrument: SILVER });
    book.hold(unmarked);
    book.keep(unmarked);
    book.apply(filledEvent(unmarked.clientOrderId, 10));
    monitor.check();
    expect([book.account('acc')?.dayPnl, trips]).toEqual([NaN, []]);
  });

  test.each(['0', '-1', 'x'])('refuses a loss of %s by name', (tripAtLoss) => {
    expect(() => watched({ tripAtLoss })).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('tripAtLoss') as string,
      }),
    );
  });
});
