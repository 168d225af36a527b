import { SystemClock, TradingDay, lots, ticks } from 'portcullis/core';
import { Journal, JournalRelay, OrderDesk, OutboxLog, PaperVenue, Venue } from 'portcullis/desk';
import { EmbeddedEventBus } from 'portcullis/events';
import { ExecutionPolicy } from 'portcullis/execution';
import { KillSwitch, RiskGuard } from 'portcullis/risk';
import { DataDirectory } from 'portcullis/storage';
import { Book, type BookSnapshot, type MarketView } from 'portcullis/trading';
import { paperOpening } from '../../../examples/demo/paper-opening.ts';
import { BTC_USD } from '../../../examples/support/market.ts';

const LIMITS = {
  maxDailyLoss: '200000000',
  maxDrawdownFraction: 1,
  maxPositions: 5,
  maxPositionNotional: '400000000',
  maxClusterExposure: '400000000',
  maxTotalExposure: '300000000',
};

/** A desk on a paper venue, a bus on disk, and the relay from one to the other, all in one data directory. */
export async function openRelayedDesk(path: string) {
  const clock = new SystemClock();
  const instruments = [BTC_USD];
  const tradingDay = new TradingDay();
  const directory = await DataDirectory.open(path, { clock });
  const store = await directory.openStore('state');
  const killSwitch = await KillSwitch.open({ store, clock, venue: 'paper' }, directory.isNew);
  const book = new Book();
  const log = new OutboxLog(await directory.openLog('journal'));
  const journal = await Journal.open(
    { input: {}, accounts: [{ accountId: 'main', currency: 'USD', balance: '100000000' }] },
    { log, book, instruments, clock, tradingDay },
  );
  const bus = await EmbeddedEventBus.open(
    {},
    { clock, storage: { openLog: (topic) => directory.openLog(`bus-${topic}`), store } },
  );
  const relay = await JournalRelay.open(
    { name: 'paper' },
    { bus, log, journal, book, instruments, store, clock },
  );
  const venue = new PaperVenue({ latencyMs: 0, opening: paperOpening(book) }, { clock, instruments });
  const desk = new OrderDesk(
    {},
    {
      ...{ book, killSwitch, journal, instruments, clock, tradingDay },
      guard: new RiskGuard(LIMITS, { book, killSwitch, clock }),
      policy: new ExecutionPolicy(),
      venue: new Venue(venue),
    },
  );
  let updateId = 0;
  const quote = (): void => {
    updateId += 1;
    const [receivedMs, receivedMonotonicMs] = [clock.nowMs(), clock.monotonicMs()];
    const bids = [{ price: ticks(5_999_900), quantity: lots(20_000) }];
    const asks = [{ price: ticks(6_000_100), quantity: lots(20_000) }];
    const { instrumentId } = BTC_USD;
    const received = { instrumentId, receivedMs, receivedMonotonicMs };
    const snapshot: BookSnapshot = { type: 'snapshot', updateId, bids, asks, ...received };
    venue.onMarket(snapshot);
    const view: MarketView = {
      ...{ bids, asks, mark: ticks(6_000_000), recentVolume: lots(10_000_000), volumeWindowMs: 60_000 },
      ...{ ...received, problems: [] },
    };
    desk.mark(view);
  };
  const close = async (): Promise<void> => {
    await relay.stop();
    await bus.close();
    await directory.close();
  };
  return { clock, log, book, bus, relay, desk, quote, close };
}
