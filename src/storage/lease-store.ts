import type { Clock } from '../core/clock.ts';
import type { LeaseValue } from './lease-value.ts';
import type { SetResult, StateEntry, StateStore } from './state-store.ts';

/** The entry of a lease in its store. Each call has a time limit; what fails, and what comes late, is no answer. */
export class LeaseStore {
  readonly #store: Pick<StateStore, 'get' | 'set'>;
  readonly #clock: Pick<Clock, 'deadline'>;
  readonly #key: string;
  readonly #limitMs: number;

  constructor(
    { key, limitMs }: { readonly key: string; readonly limitMs: number },
    deps: { readonly store: Pick<StateStore, 'get' | 'set'>; readonly clock: Pick<Clock, 'deadline'> },
  ) {
    this.#key = key;
    this.#limitMs = limitMs;
    this.#store = deps.store;
    this.#clock = deps.clock;
  }

  /** `undefined` without an answer. */
  look(): Promise<{ readonly entry: StateEntry | undefined } | undefined> {
    return this.inTime(async () => ({ entry: await this.#store.get(this.#key) }));
  }

  /** Writes if the version is `ifVersion`, 0 for "not there". `undefined` without an answer: it may be written, now or later. */
  write(value: LeaseValue, ifVersion: number): Promise<SetResult | undefined> {
    return this.inTime(() => this.#store.set(this.#key, value, { ifVersion }));
  }

  /** Waits at most as long as for a call of the store. Never rejects. */
  inTime<T>(work: () => Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const late = this.#clock.deadline(this.#limitMs, () => {
        resolve(undefined);
      });
      const over = (answer?: T): void => {
        late[Symbol.dispose]();
        resolve(answer);
      };
      const failed = (): void => {
        over();
      };
      try {
        work().then(over, failed);
      } catch {
        failed();
      }
    });
  }
}
