import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type AuditRecord, verifyAudit } from 'portcullis/audit';
import { SystemClock } from 'portcullis/core';
import type { JournalRecord } from 'portcullis/desk';
import { KillSwitch } from 'portcullis/risk';
import { type AppendLog, FileAppendLog, SqliteStateStore } from 'portcullis/storage';
import { VENUE } from '../market.ts';
import { type ToldBook, checkBooks } from './books.ts';
import { readExchange } from './exchange-record.ts';
import type { Finding } from './finding.ts';
import { readJournal } from './journal-record.ts';
import { KillSwitchHistory, checkSent } from './kill-switch.ts';
import { checkLimits } from './limits.ts';
import { checkOrders } from './orders.ts';

/** What the checker is given: the exchange's log, and what is on the trader's disk. */
export interface Evidence {
  readonly exchangeDir: string;
  readonly dataDir: string;
  /** Segments that the journal has forgotten. */
  readonly keptDir: string;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  readonly orders: number;
  readonly fills: number;
  readonly amendments: number;
  readonly trips: number;
  readonly journalRecords: number;
  readonly auditRecords: number;
  readonly days: number;
  readonly book: ToldBook | undefined;
  /** How near to its limit the exposure came. */
  readonly fullest: { readonly position: number; readonly total: number };
}

/** Judges a run by the exchange's own log, the journal, the audit log and the recorded kill switch, and nothing else. */
export async function check({ exchangeDir, dataDir, keptDir }: Evidence): Promise<Verdict> {
  const copies = join(keptDir, 'checked');
  mkdirSync(copies, { recursive: true });
  for (const [from, wanted] of [
    [keptDir, /^journal-\d+\.jsonl$/],
    [dataDir, /^(?:journal|audit)-\d+\.jsonl$|^state\.db/],
  ] as const) {
    for (const file of readdirSync(from).filter((name) => wanted.test(name)))
      copyFileSync(join(from, file), join(copies, file));
  }
  const exchange = readExchange(exchangeDir);
  const journalLog = await FileAppendLog.open({ directory: copies, name: 'journal' });
  const written = await allOf<JournalRecord>(journalLog);
  await journalLog.close();
  const journal = readJournal(written);
  const auditLog = await FileAppendLog.open({ directory: copies, name: 'audit' });
  const chain = await verifyAudit(auditLog);
  const audited = await allOf<AuditRecord>(auditLog);
  await auditLog.close();
  const told = audited.findLast(({ kind }) => kind === 'torture.book')?.details as ToldBook | undefined;
  const history = new KillSwitchHistory(audited);
  history.compare(await recordedSwitch(copies), 'on the disk in the end');
  const limits = checkLimits(exchange);
  const findings: Finding[] = [
    ...checkOrders(exchange, journal),
    ...checkBooks(exchange, journal, told),
    ...limits.findings,
    ...history.findings,
    ...checkSent(exchange, journal, history),
  ];
  if (!chain.ok) findings.push({ code: 'AUDIT_BROKEN', detail: `record ${chain.atSeq}: ${chain.reason}` });
  const accepted = [...exchange.orders.values()].filter(({ terms }) => terms?.type === 'accepted');
  return {
    findings,
    orders: accepted.length,
    fills: accepted.reduce((sum, { fills }) => sum + fills.length, 0),
    amendments: accepted.reduce((sum, { amended }) => sum + amended.length, 0),
    trips: history.stretches.length,
    journalRecords: written.length,
    auditRecords: audited.length,
    days: written.filter(({ type }) => type === 'dayRolled').length,
    book: told,
    fullest: limits.fullest,
  };
}

async function allOf<T>(log: AppendLog): Promise<T[]> {
  const records: T[] = [];
  for await (const { record } of log.read()) records.push(record as T);
  return records;
}

async function recordedSwitch(directory: string): Promise<ReturnType<KillSwitch['records']>> {
  const clock = new SystemClock();
  const store = await SqliteStateStore.open({ path: join(directory, 'state.db') }, { clock });
  const killSwitch = await KillSwitch.open({ store, clock, venue: VENUE }, false);
  await store.close();
  return killSwitch.records();
}
