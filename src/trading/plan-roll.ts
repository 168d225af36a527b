import type { DayId } from '../core/trading-day.ts';
import { max } from '../core/units.ts';
import type { Account } from './book-account.ts';
import type { DayRolled } from './book-reader.ts';

/** The facts of a day's end. */
export const planRoll = (dayId: DayId, atMs: number, accounts: Iterable<Account>): DayRolled => ({
  dayId,
  atMs,
  accounts: Array.from(accounts, (account) => {
    const { accountId, equity, dayOpen, highWater } = account;
    return {
      accountId,
      // Unknown equity: the highest there was, so that no loss is forgiven.
      dayOpen: Number.isNaN(equity) ? max(dayOpen, highWater) : equity,
      highWater,
      strategies: account.strategyOpens(),
    };
  }),
});
