import { z } from 'zod';
import type { StateWrite } from '../../storage/index.ts';
import type { DeadLetter } from '../dead-letter.ts';
import type { GroupPlace, SavedPlace } from './group-place.ts';
import { type Batch, StateWriter, type StateWriterDeps } from './state-writer.ts';
import type { Topic } from './topic.ts';

/** What a durable bus finds when it is opened. */
export interface FoundState {
  /** By group, then topic. */
  readonly places: ReadonlyMap<string, ReadonlyMap<string, SavedPlace>>;
  readonly letters: readonly DeadLetter[];
  /** The number of the newest letter that there has been. */
  readonly lettersMade: number;
  /** How far the logs of topics have been seen to reach. */
  readonly seen: ReadonlyMap<string, number>;
  /** Whether the process before has ended without closing the bus. */
  readonly isUnclean: boolean;
}

export type SavedStateDeps = StateWriterDeps;

/** What is to be written. */
interface Change {
  /** Where these are. */
  readonly places?: readonly GroupPlace[];
  /** Of these, what has moved. */
  readonly topics?: readonly Topic[];
  readonly letter?: DeadLetter;
  /** In the first of the places, by then. */
  readonly dead?: number;
  readonly deletes?: readonly string[];
}

const seq = z.int().min(0);
const tries = z.object({
  until: seq,
  running: seq.optional(),
  attempts: z.array(z.tuple([seq, z.int().min(1)])),
});
const saved = z.object({ floor: seq, above: z.array(z.tuple([seq, seq])), tries: tries.optional() });
const seen = z.object({ last: seq });
const made = z.object({ made: seq });

/** Where the groups of a bus are, and their dead letters, in a state store. */
export class SavedState {
  readonly #prefix: string;
  readonly #deps: SavedStateDeps;
  readonly #writer: StateWriter<Change>;
  readonly #seen = new Map<string, number>();

  constructor(bus: string, deps: SavedStateDeps) {
    this.#prefix = `bus.${bus}.`;
    this.#deps = deps;
    this.#writer = new StateWriter(deps, (changes) => this.#batchOf(changes));
  }

  /** Why it cannot be written now. */
  get error(): string | undefined {
    return this.#writer.error;
  }

  /** Whether something is being written. */
  get isBusy(): boolean {
    return this.#writer.isBusy;
  }

  /** Reads all there is. */
  async load(): Promise<FoundState> {
    const { store } = this.#deps;
    const places = new Map<string, Map<string, SavedPlace>>();
    for (const { key, value } of await store.list(this.#key('place', ''))) {
      const [group = '', topic = ''] = key.slice(this.#key('place', '').length).split('.');
      places.set(group, (places.get(group) ?? new Map<string, SavedPlace>()).set(topic, saved.parse(value)));
    }
    for (const { key, value } of await store.list(this.#key('topic', ''))) {
      this.#seen.set(key.slice(this.#key('topic', '').length), seen.parse(value).last);
    }
    const letters = await store.list(this.#key('letter', ''));
    const count = await store.get(this.#key('letters'));
    const isUnclean = (await store.get(this.#key('open'))) !== undefined;
    return {
      ...{ places, seen: this.#seen, isUnclean },
      letters: letters.map(({ value }) => value as unknown as DeadLetter),
      lettersMade: count === undefined ? 0 : made.parse(count.value).made,
    };
  }

  /** Notes that the bus is in use. */
  async mark(): Promise<void> {
    const { store, clock } = this.#deps;
    await store.set(this.#key('open'), { atMs: clock.nowMs() });
  }

  /** Writes what has moved. @throws {PortcullisError} `STORE_UNAVAILABLE` */
  save(topics: Iterable<Topic>): Promise<void> {
    return this.#writer.attempt({ topics: [...topics] });
  }

  /** Writes where a group is, and what it tries. @returns whether it did, before the bus closed */
  note(place: GroupPlace): Promise<boolean> {
    return this.#writer.insist({ places: [place] });
  }

  /** Writes a letter, and with it that its event is acknowledged. @returns whether it did, before the bus closed */
  bury(letter: DeadLetter, place: GroupPlace, dead: number): Promise<boolean> {
    return this.#writer.insist({ letter, places: [place], dead });
  }

  unbury({ letterId }: DeadLetter): Promise<void> {
    return this.#writer.attempt({ deletes: [this.#letterKey(letterId)] });
  }

  /** Forgets where groups were that nobody reads for any more. */
  forget(places: readonly GroupPlace[]): Promise<void> {
    return this.#writer.attempt({ deletes: places.map((place) => this.#placeKey(place)) });
  }

  /** Tries no more than once what it could not write. */
  stop(): void {
    this.#writer.stop();
  }

  /** Writes nothing any more. */
  end(): void {
    this.#writer.end();
  }

  /** All has been saved. */
  unmark(): Promise<void> {
    return this.#writer.attempt({ deletes: [this.#key('open')] });
  }

  #batchOf(changes: readonly Change[]): Batch {
    const letters = changes.flatMap(({ letter }) => letter ?? []);
    const topics = new Set(changes.flatMap((change) => change.topics ?? []));
    const places = new Set(changes.flatMap((change) => change.places ?? []));
    for (const topic of topics)
      for (const place of topic.places) if (place.cursor?.isDirty === true) places.add(place);
    const dead = new Map<GroupPlace, number[]>();
    for (const { places: [place] = [], dead: one } of changes) {
      if (place !== undefined && one !== undefined) dead.set(place, [...(dead.get(place) ?? []), one]);
    }
    const moved = [...places].flatMap((place) => {
      const value = place.isClosed ? undefined : place.save(dead.get(place));
      return value === undefined ? [] : [{ place, value }];
    });
    const reached = [...topics].filter(({ name, last }) => this.#seen.get(name) !== last);
    const ends = reached.map(({ name, last }) => ({ name, last }));
    return {
      writes: [
        ...letters.map((letter) => ({ key: this.#letterKey(letter.letterId), value: letter })),
        ...this.#count(letters),
        ...moved.map(({ place, value }) => ({ key: this.#placeKey(place), value })),
        ...ends.map(({ name, last }) => ({ key: this.#key('topic', name), value: { last } })),
      ],
      deletes: changes.flatMap(({ deletes = [] }) => deletes),
      written: () => {
        for (const { place, value } of moved) place.saved(value);
        for (const [place, ones] of dead) for (const one of ones) place.cursor?.acknowledge(one);
        for (const { name, last } of ends) this.#seen.set(name, last);
      },
      failed: () => {
        for (const { place } of moved) place.cursor?.unsaved();
      },
    };
  }

  /** So that no number is given twice, whatever is removed. */
  #count(letters: readonly DeadLetter[]): readonly StateWrite[] {
    if (letters.length === 0) return [];
    const most = Math.max(...letters.map(({ letterId }) => Number(letterId)));
    return [{ key: this.#key('letters'), value: { made: most } }];
  }

  /** So many digits that they are listed in their order. */
  #letterKey(letterId: string): string {
    return this.#key('letter', letterId.padStart(15, '0'));
  }

  #placeKey({ group, topic }: GroupPlace): string {
    return this.#key('place', group, topic.name);
  }

  #key(...parts: readonly string[]): string {
    return this.#prefix + parts.join('.');
  }
}
