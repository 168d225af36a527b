import { z } from 'zod';
import { parseInput } from '../../core/options.ts';
import type { StateStore, StateWrite } from '../../storage/state-store.ts';
import type { SavedOrder } from '../../trading/saved-book.ts';
import type { InstrumentOf } from '../journal/journal-apply.ts';
import { loneOrder, loneOrderSchema, readLoneOrder } from '../journal/journal-checkpoint-order.ts';
import { RewindStore, type SavedRewind } from './rewind-store.ts';

/** Orders in one write: each store takes 10,000 entries, and two more may come with them. */
const MOST_AT_ONCE = 9_998;

const placeSchema = z.strictObject({
  version: z.literal(1),
  /** When the journal began: another journal has another one. */
  openedAtMs: z.number(),
  /** The last record that the bus has. */
  seq: z.int().min(0),
  /** Digest of it: the same journal after a restore may have another record there. */
  digest: z.string(),
  /** The trading day at it. */
  dayId: z.string(),
});

/** How far a relay is in its journal. */
export type RelayPlace = Omit<z.output<typeof placeSchema>, 'version'>;

/** What is known of a relay from before. */
export interface SavedRelay {
  readonly place: RelayPlace;
  /** As they were at the record. */
  readonly orders: readonly SavedOrder[];
  /** `undefined` where nobody has known yet what holds the events. */
  readonly rewind: SavedRewind | undefined;
}

/** Where a relay keeps how far it is, and the orders as they were there: keys `relay/<name>` and `relay/<name>/order/<id>`. */
export class RelayStore {
  readonly #store: StateStore;
  readonly #key: string;
  readonly #instrumentOf: InstrumentOf;
  /** Where a relay goes back to. */
  readonly rewinds: RewindStore;

  constructor(store: StateStore, name: string, instrumentOf: InstrumentOf) {
    this.#store = store;
    this.#key = `relay/${name}`;
    this.#instrumentOf = instrumentOf;
    this.rewinds = new RewindStore(store, this.#key, instrumentOf);
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE`; `INPUT_INVALID`, `INSTRUMENT_UNKNOWN` when what is there cannot be read */
  async load(): Promise<SavedRelay | undefined> {
    const entry = await this.#store.get(this.#key);
    if (entry === undefined) return undefined;
    const { version: _, ...place } = parseInput(this.#key, placeSchema, entry.value);
    const entries = await this.#store.list(this.#orderKey(''));
    const orders = entries.map(({ key, value }) =>
      readLoneOrder(parseInput(key, loneOrderSchema, value), this.#instrumentOf),
    );
    return { place, orders, rewind: await this.rewinds.load() };
  }

  /**
   * The orders and the place in one write; those that are gone after it, since a crash in between only leaves what is not
   * needed. More than a store takes at a time come only with a first place, which is written last: without it they count for
   * nothing; or after going back, which a crash in between lets happen once more.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  async save(
    place: RelayPlace,
    orders: readonly SavedOrder[],
    gone: readonly string[],
    rewind: SavedRewind | undefined,
  ): Promise<void> {
    const writes: StateWrite[] = orders.map((saved) => ({
      key: this.#orderKey(saved.order.clientOrderId),
      value: loneOrder(saved),
    }));
    while (writes.length >= MOST_AT_ONCE) await this.#store.setAll(writes.splice(0, MOST_AT_ONCE));
    if (rewind !== undefined) writes.push(this.rewinds.write(rewind));
    await this.#store.setAll([...writes, { key: this.#key, value: { version: 1, ...place } }]);
    for (const id of gone) await this.#store.delete(this.#orderKey(id));
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE` */
  async clear(): Promise<void> {
    await this.#store.delete(this.#key);
    await this.rewinds.clear();
    for (const { key } of await this.#store.list(this.#orderKey(''))) await this.#store.delete(key);
  }

  #orderKey(id: string): string {
    return `${this.#key}/order/${id}`;
  }
}
