import { type AuditRecord, auditRecordSchema, hashOf } from '../../audit/audit-record.ts';
import type { AppendLog } from '../../storage/append-log.ts';
import { messageOf } from '../../core/message-of.ts';
import { type RulesOnRecord, readRules } from './replay-rules.ts';
import { type Replayed, replayVerdict } from './replay.ts';

/** One verdict of an audit log, made again. */
export interface ReplayedRecord {
  readonly seq: number;
  /** Wall time of the record. */
  readonly timeMs: number;
  readonly decision: string;
  readonly result: Replayed | { readonly kind: 'broken'; readonly why: string };
}

/** What the records of verdicts are called: of a desk, and of a shadow. */
const VERDICTS: ReadonlySet<string> = new Set(['order.decided', 'shadow.decided']);

/** A record with what is wrong with it, and how it hangs on the one before. */
interface Link {
  readonly record: AuditRecord;
  readonly flaw: string | undefined;
}

/**
 * Reads an audit log and makes verdicts again, each once its place in the chain has been checked: its own hash, and the
 * links to the records before and after it.
 *
 * @param isWanted by number of the record
 */
export async function* replayLog(
  log: Pick<AppendLog, 'read'>,
  isWanted: (seq: number) => boolean = () => true,
): AsyncGenerator<ReplayedRecord, undefined> {
  const rules = new Map<string, RulesOnRecord>();
  let before: Link | undefined;
  /** Waits for the record behind it. */
  let waiting: ((after: AuditRecord | undefined) => ReplayedRecord) | undefined;
  for await (const entry of log.read()) {
    const link = linkOf(entry.record, entry.seq, before?.record);
    if (waiting !== undefined) yield waiting(link.record);
    waiting = undefined;
    const { record, flaw } = link;
    if (record.kind === 'limits.in-force' && flaw === undefined) keepRules(rules, record);
    if (VERDICTS.has(record.kind) && isWanted(record.seq)) {
      waiting = (after) => made(link, after, (hash) => rules.get(hash));
    }
    before = link;
  }
  if (waiting !== undefined) yield waiting(undefined);
  return undefined;
}

function made(
  { record, flaw }: Link,
  after: AuditRecord | undefined,
  findRules: (hash: string) => RulesOnRecord | undefined,
): ReplayedRecord {
  const { seq, timeMs, details } = record;
  const behind =
    after === undefined || after.prev === record.hash
      ? undefined
      : `the record behind it goes on from ${after.prev}, not from ${record.hash}`;
  const why = flaw ?? behind;
  return {
    seq,
    timeMs,
    decision: String(details['decision']),
    result: why === undefined ? replayVerdict(details, findRules) : { kind: 'broken', why },
  };
}

function keepRules(rules: Map<string, RulesOnRecord>, { details }: AuditRecord): void {
  const read = readRules(details);
  if (typeof read !== 'string') rules.set(read.hash, read);
}

/** What cannot be read at all stands in the chain as a record of no kind. */
function linkOf(stored: unknown, seq: number, before: AuditRecord | undefined): Link {
  const parsed = auditRecordSchema.safeParse(stored);
  if (!parsed.success) {
    const record = { seq, timeMs: NaN, kind: '', details: {}, prev: '', hash: '' };
    return { record, flaw: 'not an audit record' };
  }
  const record: AuditRecord = parsed.data;
  return { record, flaw: flawOf(record, before) };
}

function flawOf(record: AuditRecord, before: AuditRecord | undefined): string | undefined {
  const { hash, prev } = record;
  const found = hashFound(record);
  if (found !== hash) return `expected content of the hash ${hash}, got ${found}`;
  if (before !== undefined && before.hash !== prev)
    return `expected the record before it to have the hash ${prev}, got ${before.hash}`;
  return undefined;
}

function hashFound(record: AuditRecord): string {
  try {
    return hashOf(record);
  } catch (error) {
    return `none (${messageOf(error)})`; // a number such as 1e999: we never wrote that
  }
}
