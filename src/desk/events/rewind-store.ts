import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { parseInput } from '../../core/options.ts';
import type { StateStore, StateWrite } from '../../storage/state-store.ts';
import type { SavedOrder } from '../../trading/saved-book.ts';
import type { InstrumentOf } from '../journal/journal-apply.ts';
import { loneOrder, loneOrderSchema, readLoneOrder } from '../journal/journal-checkpoint-order.ts';

/** Orders in one entry. */
const CHUNK = 128;

/** Two points are in use, and a third is written. */
const SLOTS = [0, 1, 2] as const;

const pointSchema = z.strictObject({
  /** The record behind which it goes on. */
  seq: z.int().min(0),
  /** Of that record. */
  digest: z.string(),
  /** The trading day at it. */
  dayId: z.string(),
  /** When the relay was there, wall time. */
  atMs: z.number(),
  slot: z.literal(SLOTS),
  /** Entries with the orders as they were there. */
  chunks: z.int().min(0),
});

const rewindSchema = z.strictObject({
  version: z.literal(1),
  /** Of the bus that was told. */
  generation: z.string(),
  /** The oldest first. */
  points: z.array(pointSchema).max(2),
});

const chunkSchema = z.strictObject({ orders: z.array(loneOrderSchema) });

/** A record that a relay can go back to. */
export type RewindPoint = z.output<typeof pointSchema>;

/** What was told to whom, and where to go back to when that is lost. */
export type SavedRewind = Readonly<Omit<z.output<typeof rewindSchema>, 'version'>>;

/** Keeps what a relay needs to go back: key `<relay>/rewind`, and `<relay>/rewind/<slot>/<n>` with the orders. */
export class RewindStore {
  readonly #store: StateStore;
  readonly #key: string;
  readonly #instrumentOf: InstrumentOf;

  constructor(store: StateStore, relayKey: string, instrumentOf: InstrumentOf) {
    this.#store = store;
    this.#key = `${relayKey}/rewind`;
    this.#instrumentOf = instrumentOf;
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE`; `INPUT_INVALID` when what is there cannot be read */
  async load(): Promise<SavedRewind | undefined> {
    const entry = await this.#store.get(this.#key);
    if (entry === undefined) return undefined;
    const { version: _, ...rewind } = parseInput(this.#key, rewindSchema, entry.value);
    return rewind;
  }

  /** To be written together with the place of the relay. */
  write(rewind: SavedRewind): StateWrite {
    return { key: this.#key, value: { version: 1, ...rewind } };
  }

  /**
   * Writes the orders of a new point where neither of the others has its own. Until the point itself is written it counts for
   * nothing.
   *
   * @param pause between two entries: of many orders it would be long
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  async keep(
    place: Omit<RewindPoint, 'slot' | 'chunks'>,
    orders: Iterable<SavedOrder>,
    others: readonly RewindPoint[],
    pause: () => Promise<void>,
  ): Promise<RewindPoint> {
    const slot = SLOTS.find((one) => !others.some((other) => other.slot === one)) ?? 0;
    let chunks = 0;
    let chunk: unknown[] = [];
    const write = async (): Promise<void> => {
      await this.#store.set(this.#chunkKey(slot, chunks), { orders: chunk });
      chunks += 1;
      chunk = [];
    };
    for (const order of orders) {
      chunk.push(loneOrder(order));
      if (chunk.length < CHUNK) continue;
      await write();
      await pause();
    }
    if (chunk.length > 0) await write();
    return { ...place, slot, chunks };
  }

  /**
   * The orders as they were at a point; `undefined` where they cannot be read.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  async ordersAt({ slot, chunks }: RewindPoint): Promise<readonly SavedOrder[] | undefined> {
    const all: SavedOrder[] = [];
    for (let n = 0; n < chunks; n += 1) {
      const key = this.#chunkKey(slot, n);
      const entry = await this.#store.get(key);
      if (entry === undefined) return undefined;
      try {
        const { orders } = parseInput(key, chunkSchema, entry.value);
        for (const order of orders) all.push(readLoneOrder(order, this.#instrumentOf));
      } catch (error) {
        if (error instanceof PortcullisError) return undefined;
        throw error;
      }
    }
    return all;
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE` */
  async clear(): Promise<void> {
    for (const { key } of await this.#store.list(this.#key)) await this.#store.delete(key);
  }

  #chunkKey(slot: number, n: number): string {
    return `${this.#key}/${slot}/${n}`;
  }
}
