import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import type { StateStore } from '../storage/state-store.ts';
import { Turns } from '../storage/turns.ts';
import { type KillRecord, readRecords, recorded } from './kill-record.ts';

const STATE_KEY = 'kill-switch';
/** Only our own late writes can come between, and each can do so once. */
const MOST_ATTEMPTS = 5;
/** How often what the disk refused is written again. */
const RETRY_MS = 1_000;

export interface KillRecordStoreDeps {
  readonly store: Pick<StateStore, 'get' | 'set'>;
  readonly clock: Pick<Clock, 'deadline' | 'every'>;
}

/**
 * The records on disk. One write at a time, in the order asked, each given up after `timeoutMs`, so that one that hangs
 * does not block the others for ever. Every write names the version that it replaces: one that was given up and lands
 * late can never replace a newer one. What the disk refused is tried again until it has been written.
 */
export class KillRecordStore {
  readonly #deps: KillRecordStoreDeps;
  readonly #timeoutMs: number;
  #version = 0;
  readonly #turns = new Turns();
  /** The save that has not begun yet: it will take along whatever is asked to be saved until then. */
  #nextSave: Promise<void> | undefined;
  readonly #standing: () => Iterable<KillRecord>;
  #retrying: Disposable | undefined;

  /** @param standing the records that count now */
  constructor(deps: KillRecordStoreDeps, timeoutMs: number, standing: () => Iterable<KillRecord>) {
    this.#deps = deps;
    this.#timeoutMs = timeoutMs;
    this.#standing = standing;
  }

  /**
   * What is on disk; `undefined` when nothing ever was.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`, `FORMAT_UNSUPPORTED`, `INPUT_INVALID`
   */
  async read(): Promise<readonly KillRecord[] | undefined> {
    const entry = await this.#inTime('read', () => this.#deps.store.get(STATE_KEY));
    if (entry === undefined) return undefined;
    this.#version = entry.version;
    return readRecords(entry.value);
  }

  /**
   * Writes what counts when its turn comes.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  save(): Promise<void> {
    this.#nextSave ??= this.#turns.take(async () => {
      this.#nextSave = undefined;
      try {
        await this.#write(this.#standing());
        this.#retrying?.[Symbol.dispose]();
        this.#retrying = undefined;
      } catch (error) {
        this.#retrying ??= this.#deps.clock.every(RETRY_MS, () => void this.save().catch(() => undefined));
        throw error; // the caller is told of the first failure
      }
    });
    return this.#nextSave;
  }

  /**
   * Writes what counts less one record, with another in its place if one is to stand there. `done` is called in the step in which that is known to be on disk, and may throw.
   * What failed or was given up is followed by a save of what counts then, since it may have been written all the same.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  without(record: KillRecord, done: () => void, instead?: KillRecord): Promise<void> {
    return this.#turns.take(async () => {
      try {
        const others = [...this.#standing()].filter((standing) => standing !== record);
        await this.#write(instead === undefined ? others : [...others, instead]);
      } catch (error) {
        void this.save().catch(() => undefined); // the caller is told of the first failure
        throw error;
      }
      done();
    });
  }

  async #write(records: Iterable<KillRecord>): Promise<void> {
    const value = recorded(records);
    let isGivenUp = false;
    try {
      await this.#inTime('recorded', () => this.#replace(value, () => isGivenUp));
    } finally {
      isGivenUp = true;
    }
  }

  async #replace(value: object, isGivenUp: () => boolean): Promise<void> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS && !isGivenUp(); attempt += 1) {
      const { outcome, version } = await this.#deps.store.set(STATE_KEY, value, { ifVersion: this.#version });
      if (!isGivenUp()) this.#version = version;
      else if (outcome === 'written') void this.save().catch(() => undefined); // too late: what counts is written over it
      if (outcome === 'written') return;
    }
    throw new PortcullisError('STORE_UNAVAILABLE', 'the kill-switch record is being changed by someone else');
  }

  async #inTime<T>(what: 'read' | 'recorded', work: () => Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    using _timer = this.#deps.clock.deadline(this.#timeoutMs, () => {
      late.reject(unavailable(what, ` within ${this.#timeoutMs} ms`));
    });
    try {
      return await Promise.race([work(), late.promise]);
    } catch (error) {
      throw error instanceof PortcullisError ? error : unavailable(what, because(error), error);
    }
  }
}

const unavailable = (what: string, why: string, cause?: unknown): PortcullisError =>
  new PortcullisError('STORE_UNAVAILABLE', `the kill switch could not be ${what}${why}`, { cause });

const because = (error: unknown): string => `: ${messageOf(error)}`;
