import { describe, expect, test } from 'vitest';
import { SystemClock, TradingDay } from '../../src/core/index.ts';
import { Journal, OrderDesk, Venue } from '../../src/desk/index.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import { KillSwitch, RiskGuard } from '../../src/risk/index.ts';
import { DataDirectory, type LogFile, type LogFs, nodeFs } from '../../src/storage/index.ts';
import { Book } from '../../src/trading/index.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';
import { GOLD, WIDE_EXECUTION, WIDE_RISK, idOf, intent, view } from '../support/desk-world.ts';
import { ScriptedDriver } from '../support/scripted-driver.ts';

/** What has been written to the journal, and how much of it a `datasync` that has returned stands for. */
class Disk {
  written = '';
  durable = '';
  /** Holds every `datasync` of the journal back, until it resolves. */
  gate: Promise<unknown> = Promise.resolve();
  /** Called when the journal has asked for a `datasync`. */
  onSync: () => void = () => undefined;

  readonly fs: LogFs = {
    ...nodeFs,
    open: async (path, mode) => {
      const file = await nodeFs.open(path, mode);
      return mode === 'read' || !path.includes('journal-') ? file : this.#watched(file);
    },
  };

  #watched(file: LogFile): LogFile {
    return {
      ...file,
      write: async (bytes, position) => {
        const count = await file.write(bytes, position);
        this.written += Buffer.from(bytes.subarray(0, count)).toString();
        return count;
      },
      datasync: async () => {
        const covered = this.written;
        this.onSync();
        await this.gate;
        await file.datasync();
        this.durable = covered;
      },
    };
  }
}

/** A desk on a real directory, whose journal file is watched. */
async function openWorld() {
  const disk = new Disk();
  const clock = new SystemClock();
  const directory = await DataDirectory.open(await temporaryDirectory(), { clock, logFs: disk.fs });
  const store = await directory.openStore('state');
  const killSwitch = await KillSwitch.open({ store, clock, venue: 'scripted' }, directory.isNew);
  const book = new Book();
  const instruments = [GOLD];
  const tradingDay = new TradingDay();
  const journal = await Journal.open(
    { input: {}, accounts: [{ accountId: 'acc', currency: 'USDT', balance: '1000000' }] },
    { log: await directory.openLog('journal'), book, clock, instruments, tradingDay },
  );
  const driver = new ScriptedDriver(clock);
  const desk = new OrderDesk(
    { venueTimeoutMs: 500 }, // the venue never tells the end of an order
    {
      book,
      journal,
      killSwitch,
      instruments,
      clock,
      tradingDay,
      guard: new RiskGuard(WIDE_RISK, { book, killSwitch, clock }),
      policy: new ExecutionPolicy(WIDE_EXECUTION),
      venue: new Venue(driver),
    },
  );
  await desk.start();
  desk.mark(view(100, { receivedMonotonicMs: clock.monotonicMs(), receivedMs: clock.nowMs() }));
  const close = async (): Promise<void> => {
    await desk.stop();
    await directory.close();
  };
  return { disk, driver, desk, close };
}

/** Whether the journal text has the record with which an order is submitted. */
const holds = (text: string, clientOrderId: string): boolean =>
  text.split('\n').some((line) => line.includes('"submitting"') && line.includes(clientOrderId));

describe('the record of an order', () => {
  test('is on the medium, by a datasync that has returned, before the venue is written to', async () => {
    const { disk, driver, desk, close } = await openWorld();
    const durableAtPlace: boolean[] = [];
    driver.onPlace = ({ clientOrderId }) => {
      durableAtPlace.push(holds(disk.durable, clientOrderId));
      return Promise.resolve({ status: 'accepted' });
    };
    const ids = Array.from({ length: 300 }, (_, n) => `order-${String(n)}`);
    const outcomes = await Promise.all(
      ids.map((intentId) =>
        desk.submit(intent({ intentId, quantity: '1', price: { type: 'limit', limit: '90' } })),
      ),
    );
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['accepted']));
    expect(durableAtPlace).toEqual(ids.map(() => true));
    await close();
  });

  test('holds the order back for as long as the datasync takes', async () => {
    const { disk, driver, desk, close } = await openWorld();
    const gate = Promise.withResolvers<undefined>();
    const asked = Promise.withResolvers<undefined>();
    disk.gate = gate.promise;
    disk.onSync = () => {
      asked.resolve(undefined);
    };
    const outcome = desk.submit(intent());
    await asked.promise;
    await new SystemClock().sleep(50);
    const id = idOf('one');
    const before = {
      written: holds(disk.written, id),
      durable: holds(disk.durable, id),
      placed: driver.placed.length,
    };
    expect(before).toEqual({ written: true, durable: false, placed: 0 });

    gate.resolve(undefined);
    expect((await outcome).kind).toBe('accepted');
    expect(driver.placed.map(({ clientOrderId }) => clientOrderId)).toEqual([id]);
    await close();
  });
});
