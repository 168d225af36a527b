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
  /** In the record that it was taken from. */
  writes: z.record(z.string(), z.int()).readonly().default({}),
});

/** What a desk knows by itself: enough to begin a lost record anew, together with the others. */
export type KnownShare = Readonly<z.output<typeof knownSchema>>;

/** The share that was in force last, in the process and in a store of its own. */
export class ShareMemory {
  readonly #local: Pick<StateStore, 'get' | 'set'>;
  readonly #entry: Pick<ShareEntry, 'inTime'>;
  readonly #followsDesk: boolean;
  #known: KnownShare | undefined;
  #isSure = false;
  #onDisk = '';

  constructor(
    local: Pick<StateStore, 'get' | 'set'>,
    entry: Pick<ShareEntry, 'inTime'>,
    followsDesk: boolean,
  ) {
    this.#local = local;
    this.#entry = entry;
    this.#followsDesk = followsDesk;
  }

  get known(): KnownShare | undefined {
    return this.#known;
  }

  /** Whether it is what the desk had in force last, wherever that was. */
  get isSure(): boolean {
    return this.#isSure;
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE` */
  async keep(known: KnownShare): Promise<void> {
    this.#known = known;
    this.#isSure = true;
    const text = JSON.stringify(known);
    if (text === this.#onDisk) return;
    this.#onDisk = ''; // a write that fails may land all the same
    await this.#entry.inTime('remembered', () => this.#local.set(KEY, known));
    this.#onDisk = text;
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE`, `INPUT_INVALID` */
  async recall(): Promise<KnownShare | undefined> {
    const entry = await this.#entry.inTime('read', () => this.#local.get(KEY));
    this.#known = entry && parseInput('limit share', knownSchema, entry.value);
    this.#isSure = this.#followsDesk && this.#known !== undefined;
    return this.#known;
  }
}
