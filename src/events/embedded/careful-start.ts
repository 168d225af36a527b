import type { FoundState, SavedState } from './saved-state.ts';
import type { GroupPlace } from './group-place.ts';
import type { KeptEvent } from './kept-event.ts';

/**
 * After a process that has ended without closing its bus: which of the events that may have been on their way it was that
 * ended it? Until past them they are tried one by one, each after a note of it, so that the one that ends the process again
 * is known.
 */
export class CarefulStart {
  readonly #saved: SavedState;
  /** Of the newest that may have been on its way, by topic. */
  readonly #until: ReadonlyMap<string, number>;
  readonly #tried = new Map<string, Map<number, number>>();
  #isTrying = false;

  constructor(saved: SavedState, found: FoundState, until: ReadonlyMap<string, number>) {
    this.#saved = saved;
    this.#until = until;
    for (const [place, attempts] of found.tried) this.#tried.set(place, new Map(attempts));
  }

  isDue({ cursor, topic }: GroupPlace, { seq }: KeptEvent): boolean {
    return cursor !== undefined && seq <= (this.#until.get(topic.name) ?? 0);
  }

  /** Whether one is being tried. */
  get isTrying(): boolean {
    return this.#isTrying;
  }

  /** Notes that an event is tried. @returns attempts before; `undefined` where the bus closes instead */
  async begin(place: GroupPlace, { seq }: KeptEvent): Promise<number | undefined> {
    this.#isTrying = true;
    const attempts = this.#of(place);
    const before = attempts.get(seq) ?? 0;
    const isNoted = await this.#saved.tried(place, new Map([...attempts, [seq, before + 1]]));
    if (isNoted) attempts.set(seq, before + 1);
    return isNoted ? before : undefined;
  }

  /** The attempt has ended, and the process has not. */
  end(place: GroupPlace, { seq }: KeptEvent): void {
    this.#isTrying = false;
    this.#of(place).delete(seq);
  }

  #of({ group, topic }: GroupPlace): Map<number, number> {
    const key = `${group}.${topic.name}`;
    const found = this.#tried.get(key) ?? new Map<number, number>();
    this.#tried.set(key, found);
    return found;
  }
}
