import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/message-of.ts';
import { type JsonValue, type StateStore, type StateWrite } from '../../storage/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { DeadLetter } from '../dead-letter.ts';
import type { GroupPlace } from './group-place.ts';
import type { SavedCursor } from './group-cursor.ts';
import type { Topic } from './topic.ts';

/** What a durable bus finds when it is opened. */
export interface FoundState {
  /** By group, then topic. */
  readonly places: ReadonlyMap<string, ReadonlyMap<string, SavedCursor>>;
  readonly letters: readonly DeadLetter[];
  /** How far the logs of topics have been seen to reach. */
  readonly seen: ReadonlyMap<string, number>;
  /** Attempts of events during which the process died, by group, topic and sequence number. */
  readonly tried: ReadonlyMap<string, readonly (readonly [seq: number, attempts: number])[]>;
  /** Whether the process before has ended without closing the bus. */
  readonly isUnclean: boolean;
}

export interface SavedStateDeps {
  readonly store: StateStore;
  readonly clock: Pick<Clock, 'sleep' | 'nowMs'>;
  readonly logger?: Logger | undefined;
}

const seq = z.int().min(0);
const cursor = z.object({ floor: seq, above: z.array(z.tuple([seq, seq])) });
const seen = z.object({ last: seq });
const tries = z.array(z.tuple([seq, z.int().min(1)]));

/** Wait between attempts to write what has to be written. */
const RETRY_MS = 1000;

/** Where the groups of a bus are, and their dead letters, in a state store. */
export class SavedState {
  readonly #prefix: string;
  readonly #deps: SavedStateDeps;
  readonly #closing = new AbortController();
  readonly #seen = new Map<string, number>();
  #saving: Promise<void> | undefined;
  #error: string | undefined;

  constructor(bus: string, deps: SavedStateDeps) {
    this.#prefix = `bus.${bus}.`;
    this.#deps = deps;
  }

  /** Why it cannot be written now. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Reads all there is. */
  async load(): Promise<FoundState> {
    const { store } = this.#deps;
    const places = new Map<string, Map<string, SavedCursor>>();
    for (const { key, value } of await store.list(this.#key('place', ''))) {
      const [group = '', topic = ''] = key.slice(this.#key('place', '').length).split('.');
      places.set(
        group,
        (places.get(group) ?? new Map<string, SavedCursor>()).set(topic, cursor.parse(value)),
      );
    }
    for (const { key, value } of await store.list(this.#key('topic', ''))) {
      this.#seen.set(key.slice(this.#key('topic', '').length), seen.parse(value).last);
    }
    const tried = new Map<string, [number, number][]>();
    for (const { key, value } of await store.list(this.#key('tried', ''))) {
      tried.set(key.slice(this.#key('tried', '').length), tries.parse(value));
    }
    const letters = await store.list(this.#key('letter', ''));
    const isUnclean = (await store.get(this.#key('open'))) !== undefined;
    return {
      ...{ places, seen: this.#seen, tried, isUnclean },
      letters: letters.map(({ value }) => value as unknown as DeadLetter),
    };
  }

  /** Notes that the bus is in use. */
  async mark(): Promise<void> {
    const { store, clock } = this.#deps;
    await store.set(this.#key('open'), { atMs: clock.nowMs() });
  }

  /** Writes what has moved. @throws {PortcullisError} `STORE_UNAVAILABLE` */
  async save(topics: Iterable<Topic>): Promise<void> {
    while (this.#saving !== undefined) await this.#saving.catch(ignore);
    this.#saving = this.#save([...topics]);
    try {
      await this.#saving;
    } finally {
      this.#saving = undefined;
    }
  }

  /** Whether a save is on its way. */
  get isSaving(): boolean {
    return this.#saving !== undefined;
  }

  /** Writes a letter, and with it that its event is acknowledged. @returns whether it did, before the bus closed */
  bury(letter: DeadLetter, { group, topic, cursor: at }: GroupPlace, dead: number): Promise<boolean> {
    return this.insist(
      () => [
        { key: this.#letterKey(letter.letterId), value: letter },
        ...(at === undefined ? [] : [{ key: this.#key('place', group, topic.name), value: at.save(dead) }]),
      ],
      () => at?.acknowledge(dead),
    );
  }

  async unbury({ letterId }: DeadLetter): Promise<void> {
    await this.#deps.store.delete(this.#letterKey(letterId));
  }

  /** Writes how often events have been tried that may kill the process, and where their group is. */
  tried(place: GroupPlace, attempts: ReadonlyMap<number, number>): Promise<boolean> {
    const { group, topic, cursor: at } = place;
    return this.insist(() => [
      { key: this.#key('tried', group, topic.name), value: [...attempts] as JsonValue },
      ...(at === undefined ? [] : [{ key: this.#key('place', group, topic.name), value: at.save() }]),
    ]);
  }

  /** Forgets where a group was. */
  async forget({ group, topic }: GroupPlace): Promise<void> {
    await this.#deps.store.delete(this.#key('place', group, topic.name));
    await this.#deps.store.delete(this.#key('tried', group, topic.name));
  }

  /** Tries no more what it could not write. */
  stop(): void {
    this.#closing.abort(new Error('the bus closes'));
  }

  /** All has been saved. */
  async unmark(): Promise<void> {
    for (const { key } of await this.#deps.store.list(this.#key('tried', '')))
      await this.#deps.store.delete(key);
    await this.#deps.store.delete(this.#key('open'));
  }

  /** Writes until it is written. @returns whether it was, before the bus closed */
  async insist(writes: () => readonly StateWrite[], written?: () => void): Promise<boolean> {
    for (;;) {
      try {
        await this.#deps.store.setAll(writes());
        this.#error = undefined;
        written?.();
        return true;
      } catch (error) {
        this.#failed(error);
        if (this.#closing.signal.aborted) return false;
        await this.#deps.clock.sleep(RETRY_MS, this.#closing.signal).catch(ignore);
      }
    }
  }

  async #save(topics: readonly Topic[]): Promise<void> {
    const moved = topics
      .flatMap(({ places }) => [...places])
      .filter((place) => place.cursor?.isDirty === true);
    const writes: StateWrite[] = [];
    for (const { group, topic, cursor: at } of moved) {
      if (at === undefined) continue;
      writes.push({ key: this.#key('place', group, topic.name), value: at.save() });
      at.saved();
    }
    for (const { name, last } of topics) {
      if (this.#seen.get(name) !== last) writes.push({ key: this.#key('topic', name), value: { last } });
      this.#seen.set(name, last);
    }
    if (writes.length === 0) return;
    try {
      await this.#deps.store.setAll(writes);
      this.#error = undefined;
    } catch (error) {
      for (const { cursor: at } of moved) at?.unsaved();
      this.#failed(error);
      throw error;
    }
  }

  #failed(error: unknown): void {
    if (this.#error === undefined)
      this.#deps.logger?.error({ err: error }, 'the state of the bus was not saved');
    this.#error = messageOf(error);
  }

  /** So many digits that they are listed in their order. */
  #letterKey(letterId: string): string {
    return this.#key('letter', letterId.padStart(15, '0'));
  }

  #key(...parts: readonly string[]): string {
    return this.#prefix + parts.join('.');
  }
}

const ignore = (): void => undefined;
