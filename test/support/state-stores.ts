import { ManualClock, PortcullisError } from '../../src/core/index.ts';
import {
  type JsonValue,
  MemoryStateStore,
  type SetOptions,
  type SetResult,
  type StateStore,
} from '../../src/storage/index.ts';

/** Keeps in memory, and does what it is told: write, refuse, or wait for `answer`. */
export class ScriptedStateStore implements Pick<StateStore, 'get' | 'set'> {
  mode: 'write' | 'refuse' | 'wait' = 'write';
  /** What has been written, in order. */
  readonly written: (JsonValue | object)[] = [];
  readonly #store = new MemoryStateStore({ clock: new ManualClock() });
  readonly #waiting: (() => void)[] = [];

  get(key: string) {
    return this.#store.get(key);
  }

  async set(key: string, value: JsonValue | object, options?: SetOptions): Promise<SetResult> {
    if (this.mode === 'wait') await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.mode === 'refuse') throw new PortcullisError('STORE_UNAVAILABLE', 'the disk is full');
    const result = await this.#store.set(key, value, options);
    if (result.outcome === 'written') this.written.push(value);
    return result;
  }

  /** Lets the oldest write that waits go on, in the mode as it is then. */
  answer(): void {
    this.#waiting.shift()?.();
  }
}

/** Long enough for every promise that can settle to have settled. */
export const settle = (): Promise<void> => new ManualClock().turn();
