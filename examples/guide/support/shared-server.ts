import { type ManualClock, PortcullisError } from 'portcullis/core';
import type { JsonValue, SetOptions, SetResult, StateEntry, StateStore } from 'portcullis/storage';

/** The server that the processes of the guide share: it can be away, forget everything, and go back to what it was. */
export class SharedServer implements Pick<StateStore, 'get' | 'set'> {
  isAway = false;
  #entries = new Map<string, StateEntry>();
  #backup = new Map<string, StateEntry>();
  #lastVersion = 0;

  async get(key: string): Promise<StateEntry | undefined> {
    await this.#answer();
    return this.#entries.get(key);
  }

  /** Versions never go back, as on Redis and PostgreSQL, where they are made of the server's time. */
  async set(key: string, value: JsonValue | object, { ifVersion }: SetOptions = {}): Promise<SetResult> {
    await this.#answer();
    const present = this.#entries.get(key)?.version ?? 0;
    if (ifVersion !== undefined && ifVersion !== present) return { outcome: 'conflict', version: present };
    const version = ++this.#lastVersion;
    const kept = JSON.parse(JSON.stringify(value)) as JsonValue;
    this.#entries.set(key, { key, value: kept, version, expiresAtMs: undefined });
    return { outcome: 'written', version };
  }

  /** Restarted without its file. */
  forget(): void {
    this.#entries = new Map();
  }

  backUp(): void {
    this.#backup = new Map(this.#entries);
  }

  /** Failed over to a replica that was behind, or restored from a backup. */
  goBack(): void {
    this.#entries = new Map(this.#backup);
  }

  #answer(): Promise<void> {
    if (!this.isAway) return Promise.resolve();
    return Promise.reject(new PortcullisError('STORE_UNAVAILABLE', 'the server does not answer'));
  }
}

/** Lets time pass, with what is due and what follows from it. */
export async function pass(clock: ManualClock, ms: number): Promise<void> {
  const untilMs = clock.monotonicMs() + ms;
  while (clock.monotonicMs() < untilMs) {
    for (let turn = 0; turn < 20; turn++) await clock.turn();
    clock.advance(Math.min(50, untilMs - clock.monotonicMs()));
  }
  for (let turn = 0; turn < 20; turn++) await clock.turn();
}
