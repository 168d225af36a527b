import {
  type AppendLog,
  Book,
  ExecutionPolicy,
  Journal,
  KillSwitch,
  ManualClock,
  OrderDesk,
  RiskGuard,
  Venue,
} from 'portcullis';
import { TradingDay } from 'portcullis/core';
import { MemoryAppendLog, MemoryStateStore } from 'portcullis/storage';
import { BTC_USD } from '../../support/market.ts';
import { quote } from './quote.ts';
import { ToyVenue } from './toy-venue.ts';

/** The limits of the guide, in USD. */
export const LIMITS = {
  maxDailyLoss: '20000',
  maxDrawdownFraction: 0.1,
  maxPositions: 5,
  maxPositionNotional: '400000',
  maxClusterExposure: '400000',
  maxTotalExposure: '300000',
};

/** Puts a desk together, as a service does once at its start. The bitcoin stands at 60,000. */
export async function openDesk(log: AppendLog = new MemoryAppendLog()) {
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 12)); // a service takes a SystemClock
  const store = new MemoryStateStore({ clock }); // ... and the store and the log of a DataDirectory
  const instruments = [BTC_USD];
  const tradingDay = new TradingDay();

  const book = new Book();
  const accounts = [{ accountId: 'main', currency: 'USD', balance: '1000000' }];
  const journal = await Journal.open(
    { input: { run: 'guide' }, accounts },
    { log, book, instruments, clock, tradingDay },
  );
  const killSwitch = await KillSwitch.open({ store, clock, venue: 'toy' }, true);
  const guard = new RiskGuard(LIMITS, { book, killSwitch, clock });
  const policy = new ExecutionPolicy();
  const driver = new ToyVenue(); // kept only because the guide speaks for the venue
  const venue = new Venue(driver);
  const desk = new OrderDesk(
    { venueTimeoutMs: 5_000 },
    { book, guard, policy, killSwitch, venue, journal, instruments, clock, tradingDay },
  );

  await desk.start(); // compares with the venue; until then only exits pass
  desk.mark(quote(clock, 60_000));
  return { clock, log, book, journal, killSwitch, guard, policy, driver, desk };
}
