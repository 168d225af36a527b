import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AuditLog } from '../../../src/audit/index.ts';
import { runCommand } from '../../../src/cli/index.ts';
import { ManualClock, person } from '../../../src/core/index.ts';
import { KillSwitch } from '../../../src/risk/index.ts';
import { DataDirectory } from '../../../src/storage/index.ts';
import { JournalDrive } from '../../support/journal-drive.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';

export const NOON = Date.UTC(2026, 0, 2, 12);
export const clock = new ManualClock(NOON);
export const JOURNAL = 'journal-00000001.jsonl';

/** What a command said, and what it ended with. */
export interface Said {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

export async function portcullis(...args: string[]): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand(args, {
    clock,
    version: '1.2.3',
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  });
  return { code, out, err };
}

/** As a trading process leaves it: a kill switch, an audit log of one record, and the journal of two orders. */
export async function dataDirectory(
  drive: (journal: JournalDrive) => Promise<unknown> = twoOrders,
): Promise<string> {
  const path = join(await temporaryDirectory(), 'data');
  await using(path, async (directory) => {
    await KillSwitch.open({ store: await directory.openStore('state'), clock }, directory.isNew);
    const audit = await AuditLog.open(await directory.openLog('audit'), { clock });
    await audit.record({ kind: 'service.started', by: person('ada') });
    const snapshots = await directory.openSnapshots('journal');
    await drive(await JournalDrive.open(await directory.openLog('journal'), { snapshots }));
  });
  return path;
}

/** 1 opened; 2 to 4 order a, filled; 5 to 7 order b, filled in part. */
async function twoOrders(journal: JournalDrive): Promise<void> {
  await journal.submit('a');
  await journal.event({ type: 'accepted', clientOrderId: 'a' });
  await journal.fill('a', 'e1', 10);
  await journal.submit('b');
  await journal.event({ type: 'accepted', clientOrderId: 'b' });
  await journal.fill('b', 'e2', 4);
}

/** Works on a directory as its owner. */
export async function using<T>(path: string, work: (directory: DataDirectory) => Promise<T>): Promise<T> {
  const directory = await DataDirectory.open(path, { clock });
  try {
    return await work(directory);
  } finally {
    await directory.close();
  }
}

/** Damages one letter of each of these lines of a file. */
export async function damage(path: string, file: string, ...lines: number[]): Promise<void> {
  const all = (await readFile(join(path, file), 'utf8')).split('\n');
  for (const line of lines) all[line - 1] = (all[line - 1] ?? '').replace('"', '#');
  await writeFile(join(path, file), all.join('\n'));
}

/** From now on the state store can be read, but takes nothing: its disk is full. */
export function fillDisk(path: string): void {
  const database = new DatabaseSync(join(path, 'state.db'));
  for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
    for (const what of ['INSERT', 'UPDATE']) {
      const full = `BEFORE ${what} ON "${String(name)}" BEGIN SELECT RAISE(FAIL, 'disk full'); END`;
      database.exec(`CREATE TRIGGER "${String(name)}_${what}" ${full}`);
    }
  }
  database.close();
}

/** Every file with its content, but for what taking possession touches. */
export async function filesIn(path: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const file of (await readdir(path)).sort()) {
    if (file.startsWith('portcullis.')) continue;
    files[file] = await readFile(join(path, file), 'latin1').catch(() => 'a directory');
  }
  return files;
}

/** The records of a log. */
export const recordsOf = (path: string, name: string): Promise<Record<string, unknown>[]> =>
  using(path, async (directory) => {
    const records: Record<string, unknown>[] = [];
    for await (const { record } of (await directory.openLog(name)).read()) {
      records.push(record as Record<string, unknown>);
    }
    return records;
  });

/** What the kill switch of the next start has. */
export const killRecords = (path: string) =>
  using(path, async (directory) => {
    const store = await directory.openStore('state');
    return (await KillSwitch.open({ store, clock }, directory.isNew)).records();
  });
