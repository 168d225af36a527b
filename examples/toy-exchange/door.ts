import type { ExchangeConfig } from './config.ts';
import { type Signed, signatureFlaw } from './signature.ts';
import { TokenBucket } from './token-bucket.ts';

export type BucketName = keyof ExchangeConfig['limits'];

export type DoorCode = 'KEY_UNKNOWN' | 'SIGNATURE_WRONG' | 'TIMESTAMP_OUT_OF_WINDOW' | 'RATE_LIMITED';

export type Admission =
  | { readonly ok: true; readonly accountId: string }
  | {
      readonly ok: false;
      readonly code: DoorCode;
      readonly accountId?: string;
      readonly retryAfterMs?: number;
    };

/** Who may come in: a known key, a good signature of now, and a token left in the key's bucket. */
export class Door {
  readonly #config: ExchangeConfig;
  readonly #nowMs: () => number;
  readonly #monotonicMs: () => number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(
    config: ExchangeConfig,
    deps: { readonly nowMs: () => number; readonly monotonicMs: () => number },
  ) {
    this.#config = config;
    this.#nowMs = deps.nowMs;
    this.#monotonicMs = deps.monotonicMs;
  }

  /** @param bucket which bucket pays; `undefined` for what is not counted */
  admit(key: string, signed: Signed, signature: string, bucket: BucketName | undefined): Admission {
    const account = this.#config.accounts.find((candidate) => candidate.key === key);
    if (account === undefined) return { ok: false, code: 'KEY_UNKNOWN' };
    const { accountId } = account;
    const flaw = signatureFlaw(account.secret, signed, signature, this.#nowMs());
    if (flaw !== undefined) return { ok: false, code: flaw, accountId };
    const retryAfterMs = bucket === undefined ? 0 : this.#bucket(key, bucket).take(this.#monotonicMs());
    if (retryAfterMs > 0) return { ok: false, code: 'RATE_LIMITED', accountId, retryAfterMs };
    return { ok: true, accountId };
  }

  #bucket(key: string, name: BucketName): TokenBucket {
    const id = `${name} ${key}`;
    const bucket = this.#buckets.get(id) ?? new TokenBucket(this.#config.limits[name]);
    this.#buckets.set(id, bucket);
    return bucket;
  }
}
