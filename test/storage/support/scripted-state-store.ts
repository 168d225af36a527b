import { PortcullisError } from '../../../src/core/index.ts';
import type { JsonValue, SetOptions, SetResult, StateEntry } from '../../../src/storage/index.ts';

/**
 * What becomes of a call: done and answered; done, but the answer waits for `answer()`; not done before `answer()`; refused;
 * done, and the answer lost; neither done nor answered.
 */
export type StoreMode = 'do' | 'answer-late' | 'do-late' | 'refuse' | 'lose-answer' | 'hang';

/** One entry, compare-and-set, of versions that never repeat, and calls of which the test decides what becomes. */
export class ScriptedStore {
  mode: StoreMode = 'do';
  /** The next calls, before `mode` counts again. */
  readonly next: StoreMode[] = [];
  /** `get`, and `set <state>` as asked. */
  readonly calls: string[] = [];
  entry: StateEntry | undefined;
  #version = 0;
  readonly #waiting: (() => void)[] = [];

  get(): Promise<StateEntry | undefined> {
    this.calls.push('get');
    return this.#take(() => this.entry);
  }

  set(key: string, value: JsonValue | object, { ifVersion }: SetOptions = {}): Promise<SetResult> {
    this.calls.push(`set ${(value as { state: string }).state}`);
    const copy = JSON.parse(JSON.stringify(value)) as JsonValue;
    return this.#take(() => {
      const found = this.entry?.version ?? 0;
      if (ifVersion !== undefined && ifVersion !== found) return { outcome: 'conflict', version: found };
      this.#version += 1;
      this.entry = { key, value: copy, version: this.#version, expiresAtMs: undefined };
      return { outcome: 'written', version: this.#version };
    });
  }

  /** All that waits goes on, in the order in which it was asked. */
  answer(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Forgets its data; versions go on. */
  forget(): void {
    this.entry = undefined;
  }

  #take<T>(work: () => T): Promise<T> {
    const mode = this.next.shift() ?? this.mode;
    if (mode === 'refuse')
      return Promise.reject(new PortcullisError('STORE_UNAVAILABLE', 'the store is down'));
    if (mode === 'do') return Promise.resolve(work());
    if (mode === 'lose-answer') work();
    if (mode === 'lose-answer' || mode === 'hang') return new Promise(() => undefined);
    const done = mode === 'answer-late' ? work() : undefined;
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        resolve(mode === 'answer-late' ? (done as T) : work());
      });
    });
  }
}
