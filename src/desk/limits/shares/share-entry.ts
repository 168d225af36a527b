import type { Clock } from '../../../core/clock.ts';
import { PortcullisError } from '../../../core/errors.ts';
import { messageOf } from '../../../core/message-of.ts';
import type { StateStore } from '../../../storage/state-store.ts';
import { answerInTime } from '../../answer-in-time.ts';
import { type ShareRecord, readShares, writtenShares } from './share-record.ts';

export interface ShareEntryDeps {
  readonly store: Pick<StateStore, 'get' | 'set'>;
  readonly clock: Pick<Clock, 'deadline'>;
}

/** Others may write as well; each of them gets on with every conflict. */
const MOST_ATTEMPTS = 20;

/** The one entry that all desks share, changed by compare-and-set. */
export class ShareEntry {
  readonly #deps: ShareEntryDeps;
  readonly #key: string;
  readonly #timeoutMs: number;

  constructor(deps: ShareEntryDeps, key: string, timeoutMs: number) {
    this.#deps = deps;
    this.#key = key;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE`, `FORMAT_UNSUPPORTED`, `INPUT_INVALID` */
  async read(): Promise<ShareRecord | undefined> {
    return (await this.#present()).record;
  }

  /**
   * Writes what `make` makes of what is there, which it is asked again when somebody else was faster.
   *
   * @throws {PortcullisError} as `read` does, and what `make` throws. After `STORE_UNAVAILABLE` it may be written all the same
   */
  async change(make: (present: ShareRecord | undefined) => ShareRecord): Promise<ShareRecord> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const { record, version: ifVersion } = await this.#present();
      const wanted = make(record);
      const write = () => this.#deps.store.set(this.#key, writtenShares(wanted), { ifVersion });
      if ((await this.inTime('written', write)).outcome === 'written') return wanted;
    }
    throw unavailable('written', 'they are being changed all the time');
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE` */
  async inTime<T>(what: string, work: () => Promise<T>): Promise<T> {
    const answer = await answerInTime(this.#deps.clock, this.#timeoutMs, work);
    if (answer.kind === 'answer') return answer.value;
    throw unavailable(what, answer.reason);
  }

  async #present(): Promise<{ readonly record: ShareRecord | undefined; readonly version: number }> {
    const entry = await this.inTime('read', () => this.#deps.store.get(this.#key));
    return { record: entry && readShares(entry.value), version: entry?.version ?? 0 };
  }
}

const unavailable = (what: string, why: string): PortcullisError =>
  new PortcullisError('STORE_UNAVAILABLE', `the limit shares could not be ${what}: ${why}`);

export const asError = (error: unknown): PortcullisError =>
  error instanceof PortcullisError
    ? error
    : new PortcullisError('CALLBACK_FAILED', `limit shares: ${messageOf(error)}`, { cause: error });
