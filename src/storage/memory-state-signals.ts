import { SignalListeners } from './signal-listeners.ts';
import type { StateSignals } from './state-signals.ts';

/** Announcements within one process. */
export class MemoryStateSignals implements StateSignals {
  readonly #listeners = new SignalListeners();

  announce(key: string): Promise<void> {
    this.#listeners.call(key);
    return Promise.resolve();
  }

  onAnnounced(key: string, listener: () => void): Disposable {
    return this.#listeners.add(key, listener);
  }
}
