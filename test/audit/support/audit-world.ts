import {
  AuditLog,
  type AuditRecord,
  type AuditSink,
  canonicalJson,
  headSigner,
} from '../../../src/audit/index.ts';
import { linkHash } from '../../../src/audit/audit-record.ts';
import { ManualClock, newSigningKeys } from '../../../src/core/index.ts';
import { nextTurn } from '../../../src/core/clock.ts';
import { type AppendLog, type JsonValue, MemoryAppendLog } from '../../../src/storage/index.ts';

export const START_MS = 1_767_312_000_000;
export const ZEROS = '0'.repeat(64);

export const keys = newSigningKeys();
export const otherKeys = newSigningKeys();
export const signer = headSigner(keys.privateKey);
export const trusted = { ada: keys.publicKey };

/** A log with these records, the first of which is number `firstSeq`. */
export const logOf = (records: readonly object[], firstSeq = 1): MemoryAppendLog =>
  new MemoryAppendLog(records.map((record, at) => ({ seq: firstSeq + at, record: record as JsonValue })));

/** What a log holds. */
export async function recordsIn(log: AppendLog): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for await (const { record } of log.read()) records.push(record as unknown as AuditRecord);
  return records;
}

/** Records a, b, ... with a signed head wherever the letter is `*`. */
export async function signedChain(letters: string, by = signer): Promise<AuditRecord[]> {
  const log = new MemoryAppendLog();
  const clock = new ManualClock(START_MS);
  const audit = await AuditLog.open(log, { clock });
  for (const letter of letters) {
    clock.advance(1000);
    await (letter === '*' ? audit.signHead(by) : audit.record({ kind: letter, amount: '10' }));
  }
  return recordsIn(log);
}

/** The chain from a record on as someone without the key would write it anew. */
export function forge(
  records: readonly AuditRecord[],
  from: number,
  change: (record: AuditRecord) => AuditRecord,
): AuditRecord[] {
  const forged = records.slice(0, from);
  for (const record of records.slice(from)) {
    const { hash: _, prev: __, ...content } = change(record);
    const prev = forged.at(-1)?.hash ?? ZEROS;
    forged.push({ ...content, prev, hash: linkHash(prev, canonicalJson(content)) });
  }
  return forged;
}

export function at<T>(list: readonly T[], index: number): T {
  const item = list.at(index);
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

/** Lets everything run that is not waiting for the clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await nextTurn();
}

/** A sink that keeps what it is given, and does as it is told. */
export class ScriptedSink implements AuditSink {
  readonly name: string;
  readonly batches: number[][] = [];
  readonly signals: AbortSignal[] = [];
  answer: () => Promise<void> = () => Promise.resolve();
  closed = 0;

  constructor(name = 'archive') {
    this.name = name;
  }

  ship(records: readonly AuditRecord[], signal: AbortSignal): Promise<void> {
    this.batches.push(records.map(({ seq }) => seq));
    this.signals.push(signal);
    return this.answer();
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

export const never = (): Promise<never> => new Promise(() => undefined);
