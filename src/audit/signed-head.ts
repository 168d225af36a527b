import { createHash, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { signText, type Verifier, verifierOf } from '../core/signatures.ts';
import { type AuditHead, auditHash } from './audit-record.ts';
import { canonicalJson } from './canonical-json.ts';

/** A head with the time and the signature of who vouches for it: plain JSON, to be kept where the log is not. */
export interface SignedHead extends AuditHead {
  readonly version: 1;
  /** When it was signed: wall time, milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Which key signed it: the first 32 hex digits of the SHA-256 of the public key (DER, SPKI). */
  readonly keyId: string;
  /** Ed25519, base64url. */
  readonly signature: string;
}

/** Kind of the record that carries a signed head. It vouches for every record before it. */
export const HEAD_SIGNED = 'audit.head-signed';

export const signedHeadSchema = z.strictObject({
  version: z.literal(1),
  seq: z.int().min(1),
  hash: auditHash,
  timeMs: z.number(),
  keyId: z.string().regex(/^[0-9a-f]{32}$/),
  signature: z.string(),
});

/** Signs heads with one key, which it shows to nobody. */
export interface HeadSigner {
  readonly keyId: string;
  /** The public half, PEM: what `verifyAudit` wants. */
  readonly publicKey: string;
  sign(head: AuditHead, timeMs: number): SignedHead;
}

/**
 * @param privateKey Ed25519, PEM, PKCS #8. It stays inside.
 * @throws {PortcullisError} `OPTION_INVALID` when it is no such key
 */
export function headSigner(privateKey: string): HeadSigner {
  signText(privateKey, ''); // refuses anything else, and does not say what it was
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const keyId = keyIdOf(publicKey);
  return {
    keyId,
    publicKey,
    sign({ seq, hash }, timeMs) {
      const head = { version: 1, seq, hash, timeMs, keyId } as const;
      return { ...head, signature: signText(privateKey, signedText(head)) };
    },
  };
}

/**
 * Signs with a signer that may not be ours.
 *
 * @throws {PortcullisError} `OPTION_INVALID` when what it gives is not what its own public key confirms: on record, that would
 *   break the chain
 */
export function signWith(signer: HeadSigner, { seq, hash }: AuditHead, timeMs: number): SignedHead {
  const parsed = signedHeadSchema.safeParse(signer.sign({ seq, hash }, timeMs));
  const isOf = parsed.success && parsed.data.seq === seq && parsed.data.hash === hash;
  const keys = new HeadKeys({ signer: signer.publicKey });
  if (isOf && typeof keys.signerOf(parsed.data) === 'object') return parsed.data;
  throw new PortcullisError('OPTION_INVALID', `signer: expected a head ${seq} that its public key confirms`);
}

/**
 * A head as its holder keeps it, signed once with a key that stays outside this process.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export const signHead = (privateKey: string, head: AuditHead, timeMs: number): SignedHead =>
  headSigner(privateKey).sign(head, timeMs);

/** Who is trusted to vouch for a chain: public Ed25519 key as PEM, by name. */
export type PublicKeys = Readonly<Record<string, string>>;

/** Tells whose signature a head bears. */
export class HeadKeys {
  readonly #keys: ReadonlyMap<string, { readonly name: string; readonly verify: Verifier }>;

  /** @throws {PortcullisError} `OPTION_INVALID` when one of them is no public Ed25519 key */
  constructor(publicKeys: PublicKeys = {}) {
    this.#keys = new Map(
      Object.entries(publicKeys).map(([name, publicKey]) => {
        const verify = verifierOf(publicKey);
        return [keyIdOf(publicKey), { name, verify }];
      }),
    );
  }

  get names(): readonly string[] {
    return Array.from(this.#keys.values(), ({ name }) => name);
  }

  /** Name of the signer; `unknown` for a key that is not among these, `forged` for one that is and did not sign this. */
  signerOf(head: SignedHead): { readonly name: string } | 'unknown' | 'forged' {
    const key = this.#keys.get(head.keyId);
    if (key === undefined) return 'unknown';
    return key.verify(signedText(head), head.signature) ? { name: key.name } : 'forged';
  }
}

function keyIdOf(publicKey: string): string {
  const der = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 32);
}

/** What the signature is over. It begins with what it is for, so that nothing else that was signed can pass as one. */
function signedText(head: Omit<SignedHead, 'signature'>): string {
  const { version, seq, hash, timeMs, keyId } = head;
  return `portcullis audit head\n${canonicalJson({ version, seq, hash, timeMs, keyId })}`;
}
