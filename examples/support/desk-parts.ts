import { Book, ExecutionPolicy, Journal, KillSwitch, RiskGuard, SystemClock } from 'portcullis';
import { TradingDay } from 'portcullis/core';
import { MemoryAppendLog, MemoryStateStore } from 'portcullis/storage';
import { LIMITS } from '../guide/support/desk.ts';
import { ToyVenue } from '../guide/support/toy-venue.ts';
import { BTC_USD } from './market.ts';

/** What a desk is put together from, in memory; `examples/demo/trading-system.ts` has it in a data directory. */
export async function deskParts() {
  const clock = new SystemClock();
  const instruments = [BTC_USD];
  const tradingDay = new TradingDay();
  const book = new Book();
  const journal = await Journal.open(
    { input: {}, accounts: [{ accountId: 'main', currency: 'USD', balance: '1000000' }] },
    { log: new MemoryAppendLog(), book, instruments, clock, tradingDay },
  );
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  const guard = new RiskGuard(LIMITS, { book, killSwitch, clock });
  const parts = { book, journal, killSwitch, guard, instruments, clock, tradingDay };
  return { ...parts, policy: new ExecutionPolicy(), driver: new ToyVenue() };
}
