import { z } from 'zod';
import { parseInput } from '../../../core/options.ts';
import type { StateStore } from '../../../storage/state-store.ts';
import type { ShareEntry } from './share-entry.ts';
import { amountsSchema, principalSchema } from './share-record.ts';

const KEY = 'limit-share';

const knownSchema = z.strictObject({
  /** In force here. */
  share: amountsSchema,
  by: principalSchema,
  reason: z.string(),
  firm: amountsSchema,
  revision: z.int(),
  desks: z.array(z.string()).readonly(),
});

/** What a desk knows by itself: enough to begin a lost record anew, together with the others. */
export type KnownShare = Readonly<z.output<typeof knownSchema>>;

/** The share that was in force last, in the process and on its disk. */
export class ShareMemory {
  readonly #local: Pick<StateStore, 'get' | 'set'>;
  readonly #entry: Pick<ShareEntry, 'inTime'>;
  #known: KnownShare | undefined;
  #onDisk = '';

  constructor(local: Pick<StateStore, 'get' | 'set'>, entry: Pick<ShareEntry, 'inTime'>) {
    this.#local = local;
    this.#entry = entry;
  }

  get known(): KnownShare | undefined {
    return this.#known;
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE` */
  async keep(known: KnownShare): Promise<void> {
    this.#known = known;
    const text = JSON.stringify(known);
    if (text === this.#onDisk) return;
    await this.#entry.inTime('remembered', () => this.#local.set(KEY, known));
    this.#onDisk = text;
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE`, `INPUT_INVALID` */
  async recall(): Promise<KnownShare | undefined> {
    const entry = await this.#entry.inTime('read', () => this.#local.get(KEY));
    this.#known = entry && parseInput('limit share', knownSchema, entry.value);
    return this.#known;
  }
}
