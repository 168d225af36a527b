import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { parseOptions } from '../core/options.ts';
import type { AuditLog } from './audit-log.ts';
import { AUDIT_HEAD_TIMESTAMP, type AuditRegistry } from './audit-metrics.ts';
import { HEAD_SIGNED, type HeadSigner, type SignedHead } from './signed-head.ts';

export const headOptions = z.strictObject({
  /** Signs at least so often, also when nothing was recorded. Default 5 minutes. */
  everyMs: z.number().min(1).max(86_400_000).default(300_000),
  /** Signs when so many records have come since the last signed head. */
  everyRecords: z.int().min(1).default(1000),
});

/** @interface */
export type AuditHeadsOptions = z.input<typeof headOptions>;

export interface AuditHeadsDeps {
  readonly audit: Pick<AuditLog, 'signHead' | 'onRecord' | 'lastSigned'>;
  /** From {@link headSigner}. */
  readonly signer: HeadSigner;
  readonly clock: Pick<Clock, 'every'>;
  readonly metrics?: AuditRegistry | undefined;
}

/**
 * Signs the head of an audit log from time to time and puts it on record. Whoever writes the files later without the key
 * can change nothing up to the last signed head.
 */
export class AuditHeads {
  readonly #everyMs: number;
  readonly #everyRecords: number;
  readonly #deps: AuditHeadsDeps;
  readonly #tellTime: (head: SignedHead | undefined) => void;
  #sinceSigned = 0;
  #timer: Disposable | undefined;
  #listening: Disposable | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: AuditHeadsOptions, deps: AuditHeadsDeps) {
    const { everyMs, everyRecords } = parseOptions('AuditHeads', headOptions, options);
    this.#everyMs = everyMs;
    this.#everyRecords = everyRecords;
    this.#deps = deps;
    const time = deps.metrics?.gauge(AUDIT_HEAD_TIMESTAMP);
    this.#tellTime = (head) => time?.set((head?.timeMs ?? 0) / 1000);
  }

  /** A second call is harmless. */
  start(): void {
    if (this.#listening !== undefined) return;
    this.#tellTime(this.#deps.audit.lastSigned);
    this.#listening = this.#deps.audit.onRecord(({ kind }) => {
      this.#sinceSigned = kind === HEAD_SIGNED ? 0 : this.#sinceSigned + 1;
      if (this.#sinceSigned >= this.#everyRecords) void this.#sign();
    });
    this.#wait();
  }

  /** Signs the chain as it stands within the call; resolves when that is durable, or was refused. Never rejects. */
  async close(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#listening?.[Symbol.dispose]();
    await this.#sign();
  }

  #wait(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#deps.clock.every(this.#everyMs, () => void this.#sign());
  }

  async #sign(): Promise<void> {
    this.#sinceSigned = 0;
    if (this.#timer !== undefined) this.#wait();
    try {
      const head = await this.#deps.audit.signHead(this.#deps.signer);
      if (head !== undefined) this.#tellTime(head);
    } catch {
      // A write that failed is counted and told by the log; a signer that fails shows by the age of the last head.
    }
  }
}
