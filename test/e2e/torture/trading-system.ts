import { AuditLog } from 'portcullis/audit';
import { SystemClock } from 'portcullis/core';
import { Journal, OrderArchive, OrderDesk, Venue, type VenueDriver } from 'portcullis/desk';
import { ExecutionPolicy } from 'portcullis/execution';
import { KillSwitch, RiskGuard } from 'portcullis/risk';
import { type AppendLog, DataDirectory } from 'portcullis/storage';
import { Book } from 'portcullis/trading';
import { ToyMarket } from '../../../examples/demo/kill/toy-market.ts';
import { ToyExchangeDriver } from '../../../examples/toy-exchange/driver/toy-exchange-driver.ts';
import { forget, lateJournal, retrying, silentAbout } from './defects.ts';
import { KillPoint } from './kill-point.ts';
import { ACCOUNT, BALANCE, LIMITS, SYMBOLS, VENUE, instruments } from './market.ts';
import { ShortDay } from './short-day.ts';
import { SteppingDriver } from './stepping-driver.ts';
import { steppingFs } from './stepping-fs.ts';
import { SteppingLog } from './stepping-log.ts';
import { SteppingStore } from './stepping-store.ts';
import type { TraderConfig } from './trader-config.ts';

/** A few records, and a segment of the journal is full. */
const SEGMENT_BYTES = 24 * 1024;
const CHECKPOINT_EVERY = 60;
const VENUE_TIMEOUT_MS = 400;

export type TradingSystem = Awaited<ReturnType<typeof openSystem>>;

/** A trading system as any other, but that each of its ports names its steps. */
export async function openSystem(config: TraderConfig) {
  const { url, dataDir, keptDir, defect } = config;
  const point = new KillPoint(config.kill);
  const clock = new SystemClock();
  const tradingDay = new ShortDay(config.epochMs);
  const directory = await DataDirectory.open(dataDir, { clock, logFs: steppingFs(point, keptDir) });
  const store = new SteppingStore(await directory.openStore('state'), point);
  const killSwitch = await KillSwitch.open({ store, clock, venue: VENUE }, directory.isNew);
  const audit = await AuditLog.open(await directory.openLog('audit'), { clock });
  await audit.record({ kind: 'torture.started', life: config.life, tripped: killSwitch.records() });
  killSwitch.onChange((change) => {
    const details = change.kind === 'failed' ? { ...change, error: change.error.message } : change;
    audit.record({ ...details, kind: `kill-switch.${change.kind}` }).catch(() => undefined);
  });
  const book = new Book();
  const archive = await OrderArchive.open({ store, instruments, clock });
  const file = await directory.openLog('journal', { segmentBytes: SEGMENT_BYTES });
  const log: AppendLog = new SteppingLog(file, point);
  const journal = await Journal.open(
    {
      input: { kind: 'torture', seed: config.seed },
      accounts: [{ accountId: ACCOUNT.accountId, currency: 'USDT', balance: BALANCE }],
      // A log that lies about its records must not be what a snapshot stands on.
      checkpointEvery: defect === 'journal-after-send' ? Number.MAX_SAFE_INTEGER : CHECKPOINT_EVERY,
    },
    {
      log: defect === 'journal-after-send' ? lateJournal(log) : log,
      snapshots: await directory.openSnapshots('journal'),
      archive,
      book,
      clock,
      instruments,
      tradingDay,
    },
  );
  const toy = new ToyExchangeDriver(
    { name: VENUE, url, accounts: [ACCOUNT], symbols: SYMBOLS, reorderMs: 60, reconnectMs: 20 },
    { clock },
  );
  let driver: VenueDriver = new SteppingDriver(toy, point);
  if (defect === 'retry-on-timeout') driver = retrying(driver, VENUE_TIMEOUT_MS / 2);
  if (defect === 'reservations-not-rebuilt') driver = silentAbout(driver, forget(book));
  const desk = new OrderDesk(
    {
      venueTimeoutMs: VENUE_TIMEOUT_MS,
      reconcileEveryMs: 1_500,
      lookup: { firstDelayMs: 60, maxDelayMs: 400, graceMs: 600, looks: 2 },
      fillsOverlapMs: 3_000,
      // Longer than it may take to get through a recovery that is killed again and again.
      fillsLookBackMs: 60_000,
    },
    {
      book,
      killSwitch,
      journal,
      audit,
      instruments,
      clock,
      tradingDay,
      guard: new RiskGuard(LIMITS, { book, killSwitch, clock }),
      policy: new ExecutionPolicy(),
      venue: new Venue(driver),
    },
  );
  const market = new ToyMarket(
    { url, symbols: SYMBOLS },
    {
      clock,
      instruments,
      onView: (view) => {
        desk.mark(view);
      },
    },
  );
  const close = async (): Promise<void> => {
    market.close();
    await toy.close();
    await directory.close();
  };
  return { clock, store, killSwitch, audit, book, journal, desk, close };
}
