import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresAppendLog, PostgresDatabase, PostgresTradingHistory } from 'portcullis/adapters/postgres';
import { verifyAudit } from 'portcullis/audit';
import { SystemClock } from 'portcullis/core';
import type { JournalRecord } from 'portcullis/desk';
import { SqliteTradingHistory, type TradingHistory } from 'portcullis/portfolio';
import { type AppendLog, FileAppendLog } from 'portcullis/storage';
import { DESK_NAMES, deskSchemaOf } from '../../../examples/trading-system/trading/desk-storage.ts';
import type { Evidence, ToldHistory } from './check/evidence.ts';
import { ACCOUNT } from './system-config.ts';

const PAGE = 1_000;

/** What is kept, once nobody writes it any more. */
export async function gather(
  dataDir: string,
  postgresUrl: string | undefined,
): Promise<Pick<Evidence, 'journal' | 'journalFirstSeq' | 'audits' | 'history'>> {
  const open = async (schema?: string): Promise<PostgresDatabase | undefined> =>
    postgresUrl === undefined
      ? undefined
      : PostgresDatabase.open({ url: postgresUrl, ...(schema && { schema }) }, { clock: new SystemClock() });
  const database = await open();
  const ofDesk = await open(deskSchemaOf(ACCOUNT));
  const desk = (name: string): Promise<AppendLog> =>
    ofDesk === undefined
      ? FileAppendLog.open({ directory: join(dataDir, 'desk'), name })
      : PostgresAppendLog.open({ name, fence: Number.MAX_SAFE_INTEGER }, { database: ofDesk });
  try {
    const journalLog = await desk(DESK_NAMES.journal);
    const journal: JournalRecord[] = [];
    let journalFirstSeq = Infinity;
    for await (const { seq, record } of journalLog.read()) {
      journalFirstSeq = Math.min(journalFirstSeq, seq);
      journal.push(record as JournalRecord);
    }
    await journalLog.close();
    const audits = [await judged('desk', await desk(DESK_NAMES.audit))];
    for (const name of readdirSync(dataDir).filter((one) => /^(?:trading|risk)-\d+$/.test(one))) {
      const directory = join(dataDir, name);
      if (existsSync(directory))
        audits.push(await judged(name, await FileAppendLog.open({ directory, name: 'audit' })));
    }
    const history =
      database === undefined
        ? await SqliteTradingHistory.open({ path: join(dataDir, 'history.sqlite') })
        : new PostgresTradingHistory(database);
    const told = await historyOf(history);
    await history.close();
    return { journal, journalFirstSeq, audits, history: told };
  } finally {
    await ofDesk?.close();
    await database?.close();
  }
}

async function judged(name: string, log: AppendLog): Promise<Evidence['audits'][number]> {
  const verdict = await verifyAudit(log);
  await log.close();
  return verdict.ok
    ? { name, records: verdict.records }
    : { name, records: 0, flaw: `record ${verdict.atSeq}: ${verdict.reason}` };
}

async function historyOf(history: TradingHistory): Promise<ToldHistory> {
  return {
    orders: await all((page) => history.orders(page)),
    fills: await all((page) => history.fills(page)),
    ledger: await all((page) => history.ledger({ accountId: ACCOUNT, ...page })),
    gaps: await all((page) => history.gaps(page)),
    positions: await history.positions({ accountId: ACCOUNT }),
  };
}

async function all<T>(
  ask: (page: {
    limit: number;
    cursor?: string;
  }) => Promise<{ items: readonly T[]; next?: string | undefined }>,
): Promise<readonly T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await ask({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
    items.push(...page.items);
    cursor = page.next;
    if (cursor === undefined) return items;
  }
}
