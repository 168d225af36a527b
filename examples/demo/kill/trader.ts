import { AuditLog } from 'portcullis/audit';
import { SystemClock, TradingDay, decimal, toText } from 'portcullis/core';
import { Journal, OrderArchive, OrderDesk, StrategyHost, Venue } from 'portcullis/desk';
import { ExecutionPolicy } from 'portcullis/execution';
import { KillSwitch, RiskGuard } from 'portcullis/risk';
import { DataDirectory } from 'portcullis/storage';
import { Book } from 'portcullis/trading';
import { ToyExchangeDriver } from '../../toy-exchange/driver/toy-exchange-driver.ts';
import { type Told } from './told.ts';
import { ToyMarket } from './toy-market.ts';
import { ACCOUNT, BALANCE, SYMBOLS, instrument } from './toy-setup.ts';
import { TouchTrader } from './touch-trader.ts';

/* A trading process: recovers what is in its data directory, reconciles, trades until SIGTERM or SIGKILL. */

const VENUE = 'toy';
const [url = '', dataDir = ''] = process.argv.slice(2);
const tell = (told: Told): void => {
  console.log(JSON.stringify(told));
};

const clock = new SystemClock();
const tradingDay = new TradingDay();
const instruments = [instrument];
const directory = await DataDirectory.open(dataDir, { clock });
const store = await directory.openStore('state');
const killSwitch = await KillSwitch.open({ store, clock, venue: VENUE }, directory.isNew);
const audit = await AuditLog.open(await directory.openLog('audit'), { clock });
const book = new Book();
const journal = await Journal.open(
  {
    input: { kind: 'toy-exchange' },
    accounts: [{ accountId: ACCOUNT.accountId, currency: instrument.quote, balance: BALANCE }],
  },
  {
    log: await directory.openLog('journal'),
    snapshots: await directory.openSnapshots('journal'),
    archive: await OrderArchive.open({ store, instruments, clock }),
    book,
    clock,
    instruments,
    tradingDay,
  },
);
const { records, inDoubt } = journal.recovered;
tell({ at: 'replayed', records, inDoubt: inDoubt.length, tradingState: killSwitch.tradingState() });

const driver = new ToyExchangeDriver({ name: VENUE, url, accounts: [ACCOUNT], symbols: SYMBOLS }, { clock });
const guard = new RiskGuard(
  {
    maxDailyLoss: '5000',
    maxDrawdownFraction: 0.1,
    maxPositions: 1,
    maxPositionNotional: '20000',
    maxTotalExposure: '20000',
    maxClusterExposure: '20000',
  },
  { book, killSwitch, clock },
);
const policy = new ExecutionPolicy();
const desk = new OrderDesk(
  {},
  {
    book,
    guard,
    policy,
    killSwitch,
    journal,
    audit,
    venue: new Venue(driver),
    instruments,
    clock,
    tradingDay,
  },
);

const beganMs = clock.monotonicMs();
const compared = await desk.start();
const tookMs = clock.monotonicMs() - beganMs;
if (compared.kind === 'failed') throw new Error(`not reconciled: ${compared.reason}`);
tell({ at: 'reconciled', tookMs, codes: compared.differences.map(({ code }) => code) });

const strategy = new TouchTrader({
  id: 'touch',
  accountId: ACCOUNT.accountId,
  instrument,
  clip: '0.01',
  everyMs: 60,
  atOnce: 6,
});
const host = new StrategyHost([strategy], { desk, killSwitch, clock });
const market = new ToyMarket(
  { url, symbols: SYMBOLS },
  {
    clock,
    instruments,
    onView: (view) => {
      desk.mark(view);
      host.onMarket(view);
    },
  },
);

process.once('SIGTERM', () => void stop());

async function stop(): Promise<void> {
  market.close();
  await desk.stop();
  await driver.close();
  const account = book.account(ACCOUNT.accountId);
  tell({
    at: 'stopped',
    position: decimal(
      toText(account?.cell(instrument.instrumentId)?.pos ?? 0, instrument.grid.step),
    ).toFixed(),
    cash: account?.cash.toFixed() ?? 'none',
    fees: account?.fees.toFixed() ?? 'none',
  });
  await directory.close();
}
