import { onDispose } from '../core/clock.ts';

/** Who is to be called for which key. One that throws is nothing to the others, nor to whoever calls them. */
export class SignalListeners {
  readonly #onThrow: (key: string, error: unknown) => void;
  readonly #ofKey = new Map<string, Set<() => void>>();

  constructor(onThrow: (key: string, error: unknown) => void = () => undefined) {
    this.#onThrow = onThrow;
  }

  /** One that is added twice is called twice; until disposed. */
  add(key: string, listener: () => void): Disposable {
    const one = (): void => {
      listener();
    };
    const listeners = this.#ofKey.get(key) ?? new Set();
    this.#ofKey.set(key, listeners.add(one));
    return onDispose(() => {
      listeners.delete(one);
      if (listeners.size === 0 && this.#ofKey.get(key) === listeners) this.#ofKey.delete(key);
    });
  }

  /** Those that are there now. */
  call(key: string): void {
    for (const listener of [...(this.#ofKey.get(key) ?? [])]) {
      try {
        listener();
      } catch (error) {
        this.#onThrow(key, error);
      }
    }
  }

  /** Of every key. */
  callAll(): void {
    for (const key of [...this.#ofKey.keys()]) this.call(key);
  }

  /** Nobody is called any more. */
  clear(): void {
    this.#ofKey.clear();
  }
}
