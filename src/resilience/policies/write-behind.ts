import type { Clock } from '../../core/clock.ts';
import type { TimedValue } from './stored-value.ts';

interface SetChange<T> extends TimedValue<T> {
  readonly kind: 'set';
  readonly ttlMs: number;
}

interface DeleteChange {
  readonly kind: 'delete';
  readonly ifVersion: number | undefined;
}

export type Change<T> = SetChange<T> | DeleteChange;

interface Waiting<T> {
  readonly change: Change<T>;
  /** Told whether it was made, or the one that took its place. */
  readonly done: (isMade: boolean) => void;
}

export interface WriteBehindDeps<T> {
  readonly clock: Pick<Clock, 'turn'>;
  /** Makes a change, and tells whether it was made. Never rejects. */
  readonly make: (key: string, change: Change<T>) => Promise<boolean>;
}

/** Makes changes one after the other behind the answers, each after a turn of the event loop. */
export class WriteBehind<T> {
  readonly #deps: WriteBehindDeps<T>;
  /** By key; of two for one key the later stands. */
  readonly #waiting = new Map<string, Waiting<T>>();
  #drained: Promise<void> | undefined;

  constructor(deps: WriteBehindDeps<T>) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** What is to become of a key, or is being made of it. */
  changeOf(key: string): Change<T> | undefined {
    return this.#waiting.get(key)?.change;
  }

  add(key: string, change: Change<T>, onDone: (isMade: boolean) => void = ignore): void {
    const replaced = this.#waiting.get(key)?.done ?? ignore;
    const done = (isMade: boolean): void => {
      onDone(isMade);
      replaced(isMade);
    };
    this.#waiting.set(key, { change, done });
    this.#drained ??= this.#drain();
  }

  /** Resolves when nothing is left to make. */
  idle(): Promise<void> {
    return this.#drained ?? Promise.resolve();
  }

  async #drain(): Promise<void> {
    for (let key = first(this.#waiting); key !== undefined; key = first(this.#waiting)) {
      await this.#deps.clock.turn();
      const next = this.#waiting.get(key);
      if (next === undefined) continue;
      const isMade = await this.#deps.make(key, next.change);
      if (this.#waiting.get(key) === next) this.#waiting.delete(key);
      next.done(isMade);
    }
    this.#drained = undefined;
  }
}

const ignore = (): void => undefined;

const first = (map: ReadonlyMap<string, unknown>): string | undefined => map.keys().next().value;
