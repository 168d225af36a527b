import { PortcullisError } from '../core/errors.ts';
import type { AppendLog } from '../storage/append-log.ts';
import type { AuditHead } from './audit-record.ts';
import { type Attestation, type ChainTrust, ChainWalk } from './chain-walk.ts';
import { HeadKeys, type PublicKeys, type SignedHead, signedHeadSchema } from './signed-head.ts';

export type AuditVerdict =
  | {
      readonly ok: true;
      /** How many records there are, from `firstSeq` to `head`. */
      readonly records: number;
      /** The first record that is left: 1 unless the log was trimmed. */
      readonly firstSeq: number;
      readonly head: AuditHead;
      /** How far the chain bears a signature of one of the keys given; what stands behind it is vouched for by nobody. */
      readonly attested?: Attestation;
      /** The last signed head on record, whoever signed it: to be kept elsewhere. */
      readonly lastSigned?: SignedHead;
    }
  | { readonly ok: false; readonly atSeq: number; readonly reason: string };

export interface VerifyAuditOptions {
  /**
   * A head that was seen earlier and kept elsewhere: the chain must go through it, and it may be what a trimmed log is
   * believed by. A signed one must bear the signature of one of `publicKeys`, where those are given.
   */
  readonly expectHead?: AuditHead | SignedHead;
  /** Whose signatures count. With keys, a chain in which none of them has signed a head is not ok. */
  readonly publicKeys?: PublicKeys;
}

/**
 * Checks the whole chain. Finds a record that was changed, removed, inserted or moved, and names the first that does not
 * fit. Records cut off at the end are found only against a head kept out of the reach of whoever can write the files
 * (`expectHead`); a chain computed anew from some point on also against signed heads, up to the last of them (`publicKeys`).
 * A log whose beginning was trimmed needs one of the two.
 *
 * @throws {PortcullisError} `OPTION_INVALID` when a key is no public Ed25519 key
 */
export async function verifyAudit(log: AppendLog, options: VerifyAuditOptions = {}): Promise<AuditVerdict> {
  const { expectHead, publicKeys } = options;
  const keys = new HeadKeys(publicKeys);
  const flaw = publicKeys === undefined ? undefined : flawOfKept(expectHead, keys);
  if (flaw !== undefined) return { ok: false, atSeq: expectHead?.seq ?? 0, reason: flaw };
  const verdict = await walkChain(log, { keys, expectHead });
  if (publicKeys === undefined || !verdict.ok || verdict.attested !== undefined || verdict.records === 0) {
    return verdict;
  }
  const reason = `expected a head signed by ${keys.names.join(' or ')}, found none`;
  return { ok: false, atSeq: verdict.firstSeq, reason };
}

/** The same for whoever knows what to trust, and goes on with the chain. */
export async function walkChain(log: AppendLog, trust: ChainTrust): Promise<AuditVerdict> {
  const walk = new ChainWalk(trust);
  try {
    for await (const { seq, record } of log.read()) {
      const flaw = walk.follow(seq, record);
      if (flaw !== undefined) return { ok: false, ...flaw };
    }
  } catch (error) {
    if (!(error instanceof PortcullisError && error.code === 'LOG_DAMAGED')) throw error;
    return { ok: false, atSeq: walk.head.seq + 1, reason: error.message };
  }
  const flaw = walk.finish();
  if (flaw !== undefined) return { ok: false, ...flaw };
  const { head, records, firstSeq, attested, lastSigned } = walk;
  return {
    ok: true,
    records,
    firstSeq,
    head,
    ...(attested && { attested }),
    ...(lastSigned && { lastSigned }),
  };
}

/** What is wrong with a signed head that was kept; one without a signature is believed as it is. */
function flawOfKept(head: AuditHead | SignedHead | undefined, keys: HeadKeys): string | undefined {
  if (head === undefined || !('signature' in head)) return undefined;
  const parsed = signedHeadSchema.safeParse(head);
  if (!parsed.success) return 'the head that was kept is no signed head';
  const signer = keys.signerOf(parsed.data);
  if (signer === 'unknown') return `the head that was kept is signed by none of ${keys.names.join(', ')}`;
  return signer === 'forged' ? 'the head that was kept does not bear the signature that it names' : undefined;
}
