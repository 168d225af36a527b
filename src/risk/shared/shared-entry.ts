import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import type { StateStore } from '../../storage/state-store.ts';
import { type SharedState, readState, writtenState } from './shared-record.ts';

export interface SharedEntryDeps {
  readonly store: Pick<StateStore, 'get' | 'set'>;
  readonly clock: Pick<Clock, 'deadline'>;
}

/** The entry as it was found; without a state when there is none. */
export interface Found {
  readonly state: SharedState | undefined;
  readonly version: number;
}

/** The one entry that all processes share. Every request is given up after `timeoutMs`. */
export class SharedEntry {
  readonly #deps: SharedEntryDeps;
  readonly #key: string;
  readonly #timeoutMs: number;

  constructor(deps: SharedEntryDeps, key: string, timeoutMs: number) {
    this.#deps = deps;
    this.#key = key;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE`, `FORMAT_UNSUPPORTED`, `INPUT_INVALID` */
  async read(): Promise<Found> {
    const entry = await this.#inTime('read', () => this.#deps.store.get(this.#key));
    if (entry === undefined) return { state: undefined, version: 0 };
    return { state: readState(entry.value), version: entry.version };
  }

  /**
   * Writes over what was found, and nothing else. One that was given up may land later, as long as nobody else writes.
   *
   * @returns the entry as it is then; `undefined` when somebody else was faster
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  async write(state: SharedState, { version: ifVersion }: Found): Promise<Found | undefined> {
    const write = () => this.#deps.store.set(this.#key, writtenState(state), { ifVersion });
    const { outcome, version } = await this.#inTime('written', write);
    return outcome === 'written' ? { state, version } : undefined;
  }

  async #inTime<T>(what: 'read' | 'written', work: () => Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    using _timer = this.#deps.clock.deadline(this.#timeoutMs, () => {
      late.reject(unavailable(what, `no answer within ${this.#timeoutMs} ms`));
    });
    try {
      return await Promise.race([work(), late.promise]);
    } catch (error) {
      if (error instanceof PortcullisError) throw error;
      throw unavailable(what, messageOf(error), error);
    }
  }
}

const unavailable = (what: string, why: string, cause?: unknown): PortcullisError =>
  new PortcullisError('STORE_UNAVAILABLE', `the shared kill switch could not be ${what}: ${why}`, { cause });
