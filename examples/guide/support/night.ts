import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Book,
  ExecutionPolicy,
  Journal,
  KillSwitch,
  ManualClock,
  OrderDesk,
  RiskGuard,
  Venue,
} from 'portcullis';
import { AuditLog } from 'portcullis/audit';
import { runCommand } from 'portcullis/cli';
import { TradingDay } from 'portcullis/core';
import type { KillSwitchOptions } from 'portcullis/risk';
import { DataDirectory } from 'portcullis/storage';
import { BTC_USD } from '../../support/market.ts';
import { LIMITS } from './desk.ts';
import { NightVenue } from './night-venue.ts';
import { quote } from './quote.ts';

/** A night on duty: a venue, a data directory, and trading processes that come and go. */
export class Night {
  /** Of the process that runs: the clock of one that was killed stands still. */
  clock = new ManualClock(Date.UTC(2026, 0, 2, 3)); // three in the morning
  readonly venue = new NightVenue(() => this.clock.nowMs());
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async begin(): Promise<Night> {
    return new Night(join(await mkdtemp(join(tmpdir(), 'portcullis-night-')), 'data'));
  }

  /** The trading process: everything on one data directory, as a service opens it. */
  async start(rules: KillSwitchOptions = {}) {
    this.clock = new ManualClock(this.clock.nowMs());
    const { clock, venue } = this;
    const directory = await DataDirectory.open(this.path, { clock });
    try {
      const store = await directory.openStore('state');
      const killSwitch = await KillSwitch.open({ store, clock, venue: venue.name }, directory.isNew, rules);
      const audit = await AuditLog.open(await directory.openLog('audit'), { clock });
      killSwitch.onChange((change) => {
        if (change.kind === 'failed') return;
        audit.record({ ...change, kind: `kill-switch.${change.kind}` }).catch(() => undefined);
      });
      const instruments = [BTC_USD];
      const tradingDay = new TradingDay();
      const book = new Book();
      const journal = await Journal.open(
        {
          input: { run: 'night' },
          accounts: [{ accountId: 'main', currency: 'USD', balance: '1000000' }],
        },
        { log: await directory.openLog('journal'), book, instruments, clock, tradingDay },
      );
      const guard = new RiskGuard(LIMITS, { book, killSwitch, clock });
      const policy = new ExecutionPolicy();
      const parts = { book, guard, policy, killSwitch, journal, instruments, clock, tradingDay, audit };
      const desk = new OrderDesk({ venueTimeoutMs: 5_000 }, { ...parts, venue: new Venue(venue) });
      desk.mark(quote(clock, 60_000));
      return { desk, book, journal, killSwitch, audit, directory };
    } catch (error) {
      await directory.close();
      throw error;
    }
  }

  /** Time passes, with a look at the market every second. */
  async pass(desk: OrderDesk, seconds: number): Promise<void> {
    for (let quarter = 0; quarter < seconds * 4; quarter += 1) {
      await desk.settled();
      this.clock.advance(250);
      desk.mark(quote(this.clock, 60_000));
    }
    await desk.settled();
  }

  /** Waits for something that takes its time. */
  async until<T>(desk: OrderDesk, promise: Promise<T>): Promise<T> {
    const state = { isDone: false };
    const done = promise.finally(() => (state.isDone = true));
    while (!state.isDone) {
      await desk.settled();
      this.clock.advance(250);
    }
    desk.mark(quote(this.clock, 60_000));
    return done;
  }

  /** Types a command: what it says, and what it ends with. */
  async type(...args: string[]): Promise<void> {
    const print = (line: string) => {
      console.log(this.shown(line));
    };
    const words = args.map((word) => (word.includes(' ') ? `'${word}'` : word));
    print(`$ portcullis ${words.join(' ')}`);
    const code = await runCommand(args, { clock: this.clock, version: '', out: print, err: print });
    console.log(`exit code ${String(code)}`);
  }

  /** Without what is different each time: path, process id, hashes. */
  shown(text: string): string {
    return text
      .replaceAll(this.path, '/var/lib/trader')
      .replace(/process \d+/, 'process 4711')
      .replaceAll(/[0-9a-f]{64}/g, '<64 hex digits>');
  }

  async end(): Promise<void> {
    await rm(join(this.path, '..'), { recursive: true, force: true });
  }
}

/** What a comparison with the venue found, a line each. */
export function findings(result: Awaited<ReturnType<OrderDesk['reconcile']>>): string {
  if (result.kind === 'failed') return `failed: ${result.reason}`;
  const lines = result.differences.map(
    ({ code, settled, detail }) => `\n  ${code}, ${settled ? 'settled' : 'takes a person'}: ${detail}`,
  );
  return `${String(lines.length)} differences, ${String(result.inDoubt.length)} orders in doubt${lines.join('')}`;
}
