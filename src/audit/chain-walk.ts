import { type AuditHead, type AuditRecord, auditRecordSchema, GENESIS, hashOf } from './audit-record.ts';
import { HEAD_SIGNED, type HeadKeys, type SignedHead, signedHeadSchema } from './signed-head.ts';
import { messageOf } from '../core/message-of.ts';

/** Whose signature the chain bears, and how far it reaches: every record up to `seq`. */
export interface Attestation {
  readonly seq: number;
  /** When it was signed: wall time, milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Name that the key was given under. */
  readonly by: string;
}

export interface ChainTrust {
  readonly keys: HeadKeys;
  /** A head that was seen earlier: the chain must go through it. */
  readonly expectHead?: AuditHead | undefined;
  /** Believes the first record that is left of a trimmed log. */
  readonly trustsFirst?: boolean;
}

/** What does not fit, and where. */
export interface ChainFlaw {
  readonly atSeq: number;
  readonly reason: string;
}

/** Follows a chain record by record, and knows on what ground it may be believed. */
export class ChainWalk {
  readonly #trust: ChainTrust;
  #head = GENESIS;
  #firstSeq = 1;
  #isAnchored = false;
  #hasBegun = false;
  #attested: Attestation | undefined;
  #signed: SignedHead | undefined;

  constructor(trust: ChainTrust) {
    this.#trust = trust;
  }

  /** The end of what was followed so far. */
  get head(): AuditHead {
    return this.#head;
  }

  get firstSeq(): number {
    return this.#firstSeq;
  }

  get records(): number {
    return this.#head.seq - this.#firstSeq + 1;
  }

  /** The furthest head that one of the keys has signed. */
  get attested(): Attestation | undefined {
    return this.#attested;
  }

  /** The last signed head on record, whoever signed it. */
  get lastSigned(): SignedHead | undefined {
    return this.#signed;
  }

  /**
   * Takes the next stored record.
   *
   * @param seq its number in the log
   * @returns why it does not belong there
   */
  follow(seq: number, stored: unknown): ChainFlaw | undefined {
    const before = this.#check(seq, stored);
    if (typeof before === 'string') return this.#flaw(this.#head.seq + 1, before);
    this.#head = { seq: before.seq, hash: before.hash };
    return this.#flaw(before.seq, this.#meet());
  }

  /** Why the chain as a whole is not to be believed. */
  finish(): ChainFlaw | undefined {
    const { expectHead } = this.#trust;
    if (expectHead !== undefined && this.#head.seq < expectHead.seq) {
      const reason = `expected ${expectHead.seq} records, got ${this.#head.seq}: the end was cut off`;
      return { atSeq: this.#head.seq + 1, reason };
    }
    if (this.#isAnchored || !this.#hasBegun) return undefined;
    const reason = `expected a head that vouches for record ${this.#firstSeq}, the first that is left: give one that was kept, or the key of a signed one`;
    return { atSeq: this.#firstSeq, reason };
  }

  #flaw(atSeq: number, reason: string | undefined): ChainFlaw | undefined {
    return reason === undefined ? undefined : { atSeq, reason };
  }

  #check(seq: number, stored: unknown): AuditRecord | string {
    const parsed = auditRecordSchema.safeParse(stored);
    if (!parsed.success) return `expected an audit record: ${parsed.error.issues.map(describe).join('; ')}`;
    const record: AuditRecord = parsed.data;
    return this.#begin(seq, record) ?? flawOf(record, this.#head) ?? this.#readHead(record) ?? record;
  }

  #begin(seq: number, record: AuditRecord): string | undefined {
    if (this.#hasBegun) return undefined;
    this.#hasBegun = true;
    this.#firstSeq = seq;
    const { trustsFirst = false, expectHead } = this.#trust;
    this.#isAnchored = seq === 1 || trustsFirst;
    // The hash before a trimmed log is taken from its first record, and believed once a head vouches for that.
    if (seq > 1) this.#head = { seq: seq - 1, hash: record.prev };
    if (expectHead !== undefined && expectHead.seq < this.#head.seq) {
      return `expected a head of record ${this.#head.seq} or later, got one of ${expectHead.seq}: what is between is not there any more`;
    }
    return this.#meet();
  }

  /** Compares with the head that was kept, when the chain has come to it. */
  #meet(): string | undefined {
    const { expectHead } = this.#trust;
    if (expectHead?.seq !== this.#head.seq) return undefined;
    if (expectHead.hash !== this.#head.hash) {
      return `expected the hash ${expectHead.hash} that was kept, got ${this.#head.hash}`;
    }
    this.#isAnchored = true;
    return undefined;
  }

  /** A signed head vouches for the record before it, and through the hashes for all that are linked to that. */
  #readHead(record: AuditRecord): string | undefined {
    if (record.kind !== HEAD_SIGNED) return undefined;
    const parsed = signedHeadSchema.safeParse(record.details);
    if (!parsed.success) return `expected a signed head: ${parsed.error.issues.map(describe).join('; ')}`;
    const { seq, hash, timeMs } = parsed.data;
    if (seq !== this.#head.seq || hash !== this.#head.hash) {
      return `expected a signed head of record ${this.#head.seq}, ${this.#head.hash}, got one of ${seq}, ${hash}`;
    }
    const signer = this.#trust.keys.signerOf(parsed.data);
    if (signer === 'forged') return 'expected the signature of the key that the head names, got another one';
    this.#signed = parsed.data;
    if (signer === 'unknown') return undefined;
    this.#isAnchored = true;
    this.#attested = { seq, timeMs, by: signer.name };
    return undefined;
  }
}

function flawOf(record: AuditRecord, head: AuditHead): string | undefined {
  if (record.seq !== head.seq + 1) return `expected record ${head.seq + 1}, got ${record.seq}`;
  if (record.prev !== head.hash)
    return `expected the record before to have hash ${record.prev}, got ${head.hash}`;
  const hash = contentHash(record);
  return record.hash === hash ? undefined : `expected content of hash ${record.hash}, got ${hash}`;
}

function contentHash(record: AuditRecord): string {
  try {
    return hashOf(record);
  } catch (error) {
    return `none (${messageOf(error)})`; // a number such as 1e999, or too many levels: we never wrote that
  }
}

const describe = ({ path, message }: { path: readonly PropertyKey[]; message: string }): string =>
  `${path.length === 0 ? '(whole)' : path.map(String).join('.')}: ${message}`;
