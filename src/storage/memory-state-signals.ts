import { onDispose } from '../core/clock.ts';
import type { StateSignals } from './state-signals.ts';

/** Announcements within one process. */
export class MemoryStateSignals implements StateSignals {
  readonly #listeners = new Map<string, Set<() => void>>();

  announce(key: string): Promise<void> {
    for (const listener of [...(this.#listeners.get(key) ?? [])]) {
      try {
        listener();
      } catch {
        // Nothing to the others, nor to whoever announces.
      }
    }
    return Promise.resolve();
  }

  onAnnounced(key: string, listener: () => void): Disposable {
    const one = (): void => {
      listener();
    };
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(one));
    return onDispose(() => {
      listeners.delete(one);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    });
  }
}
