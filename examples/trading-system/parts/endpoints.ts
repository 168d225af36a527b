import type { Clock } from 'portcullis/core';
import type { StateStore } from 'portcullis/storage';
import { z } from 'zod';
import { ROLES, type Role } from '../config.ts';
import type { Endpoint, Endpoints } from './parts.ts';

const TTL_MS = 5_000;
const EVERY_MS = 1_500;

const schema = z.strictObject({
  role: z.enum(ROLES),
  instance: z.int().min(1),
  url: z.url(),
  pid: z.int(),
});

/** Entries of a store, each gone a while after its process has last told. */
export class StoredEndpoints implements Endpoints {
  readonly #state: StateStore;
  readonly #clock: Pick<Clock, 'sleep'>;

  constructor(state: StateStore, clock: Pick<Clock, 'sleep'>) {
    this.#state = state;
    this.#clock = clock;
  }

  register(endpoint: Endpoint): AsyncDisposable {
    const over = new AbortController();
    const telling = this.#tell(endpoint, over.signal);
    return {
      [Symbol.asyncDispose]: async () => {
        over.abort();
        await telling;
        await this.#state.delete(keyOf(endpoint)).catch(() => undefined); // it expires anyway
      },
    };
  }

  async list(role?: Role): Promise<readonly Endpoint[]> {
    const entries = await this.#state.list(role === undefined ? 'service:' : `service:${role}:`);
    const found = entries.flatMap(({ value }) => schema.safeParse(value).data ?? []);
    return found.sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role) || a.instance - b.instance);
  }

  async #tell(endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // A store that is away is asked again with the next turn.
      await this.#state.set(keyOf(endpoint), endpoint, { ttlMs: TTL_MS }).catch(() => undefined);
      await this.#clock.sleep(EVERY_MS, signal).catch(() => undefined);
    }
  }
}

const keyOf = ({ role, instance }: Pick<Endpoint, 'role' | 'instance'>): string =>
  `service:${role}:${instance}`;
