import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import type { AppendLog } from '../storage/append-log.ts';
import type { StateStore } from '../storage/state-store.ts';
import { type AuditHead, auditHash, auditRecordSchema } from './audit-record.ts';

const schema = z.strictObject({ version: z.literal(1), seq: z.int().min(0), hash: auditHash });

/** How far a sink has come, on disk. With its hash, so that a log that was cut off or replaced meanwhile shows. */
export class ShipCursor {
  readonly #store: Pick<StateStore, 'get' | 'set'>;
  readonly #sink: string;
  #seq: number;

  private constructor(store: Pick<StateStore, 'get' | 'set'>, sink: string, seq: number) {
    this.#store = store;
    this.#sink = sink;
    this.#seq = seq;
  }

  /**
   * @param head durable end of the log
   * @throws {PortcullisError} `AUDIT_CHAIN_BROKEN` when the log does not hold what the sink has had, or not any more what it
   *   has not had; `STORE_UNAVAILABLE`, `INPUT_INVALID`
   */
  static async open(
    store: Pick<StateStore, 'get' | 'set'>,
    sink: string,
    { log, head }: { readonly log: AppendLog; readonly head: AuditHead },
  ): Promise<ShipCursor> {
    const entry = await store.get(keyOf(sink));
    const { firstSeq } = log;
    if (entry === undefined) return new ShipCursor(store, sink, firstSeq - 1);
    const { seq, hash } = parseInput(`state ${keyOf(sink)}`, schema, entry.value);
    if (seq > head.seq) throw broken(sink, seq, `the log ends at ${head.seq}: its end was cut off`);
    if (seq < firstSeq - 1) throw broken(sink, seq, `the log begins at ${firstSeq}: what is between is lost`);
    const found = seq === 0 ? hash : await hashAt(log, seq);
    if (found !== hash) throw broken(sink, seq, `it had the hash ${hash} then, and has ${String(found)} now`);
    return new ShipCursor(store, sink, seq);
  }

  /** The last record that is known to be there, durably. */
  get seq(): number {
    return this.#seq;
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE` */
  async move({ seq, hash }: AuditHead): Promise<void> {
    await this.#store.set(keyOf(this.#sink), { version: 1, seq, hash });
    this.#seq = seq;
  }
}

const keyOf = (sink: string): string => `audit-shipped/${sink}`;

/** Hash of a record, which may be the one before the first that is left; the log has one of the two. */
async function hashAt(log: AppendLog, seq: number): Promise<string | undefined> {
  const isGone = seq < log.firstSeq;
  let found: string | undefined;
  for await (const { record } of log.read(isGone ? seq + 1 : seq)) {
    const { prev, hash } = auditRecordSchema.parse(record);
    found = isGone ? prev : hash;
    break;
  }
  return found;
}

const broken = (sink: string, seq: number, why: string): PortcullisError =>
  new PortcullisError(
    'AUDIT_CHAIN_BROKEN',
    `audit log: record ${seq} was shipped to ${sink}, but ${why}. Keep log and archive as evidence`,
    { details: { sink, atSeq: seq } },
  );
