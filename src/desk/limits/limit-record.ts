import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseInput } from '../../core/options.ts';
import type { Principal } from '../../core/principal.ts';
import type { StateStore } from '../../storage/state-store.ts';
import { answerInTime } from '../answer-in-time.ts';
import type { LimitText } from './limit-text.ts';

const STATE_KEY = 'limits';
const VERSION = 1;
/** Only our own late writes can come between, and each can do so once. */
const MOST_ATTEMPTS = 5;

/** Limits as they are recorded: who made them so, and why. */
export interface LimitRecord {
  /** Of the change, and of every attempt to write it. */
  readonly changeId: string;
  readonly risk: LimitText;
  readonly execution: LimitText;
  readonly by: Principal;
  readonly reason: string;
  readonly atMs: number;
  /** SHA-256 of the limits file that was taken in last; none so far when it is left out. */
  readonly fileHash?: string;
}

const recordSchema = z.strictObject({
  version: z.literal(VERSION),
  changeId: z.string().min(1),
  risk: z.record(z.string(), z.json()),
  execution: z.record(z.string(), z.json()),
  by: z.strictObject({ kind: z.enum(['person', 'system']), id: z.string() }),
  reason: z.string(),
  atMs: z.number(),
  fileHash: z.string().exactOptional(),
});
const newerSchema = z.looseObject({ version: z.number().gt(VERSION) });

/**
 * The limits on disk. Every write names the version that it replaces, so that nothing that somebody else wrote is lost;
 * one that was given up and lands late is known as our own.
 */
export class LimitRecordStore {
  readonly #store: Pick<StateStore, 'get' | 'set'>;
  readonly #clock: Pick<Clock, 'deadline'>;
  readonly #timeoutMs: number;
  /** What has been written, or may have been. */
  readonly #own = new Set<string>();
  /** `undefined` until it is known. */
  #version: number | undefined;

  constructor(store: Pick<StateStore, 'get' | 'set'>, clock: Pick<Clock, 'deadline'>, timeoutMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * What is on disk; `undefined` when nothing ever was. A later write replaces exactly this.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`, `FORMAT_UNSUPPORTED`, `INPUT_INVALID`
   */
  async read(): Promise<LimitRecord | undefined> {
    const value = await this.#present();
    if (value === undefined) return undefined;
    const newer = newerSchema.safeParse(value);
    if (newer.success) {
      throw new PortcullisError(
        'FORMAT_UNSUPPORTED',
        `recorded limits: format ${newer.data.version} was written by a newer version of portcullis, this one reads ${VERSION}`,
      );
    }
    const { version: _, ...record } = parseInput('recorded limits', recordSchema, value);
    return record;
  }

  /**
   * Writes a record over the one that was read or written last.
   *
   * @throws {PortcullisError} `LIMITS_CONFLICT` when somebody else has written meanwhile, and nothing was;
   *   `STORE_UNAVAILABLE` when nobody can say what is on disk
   */
  async write(record: LimitRecord): Promise<void> {
    this.#own.add(record.changeId);
    const value = { version: VERSION, ...record };
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      if (this.#version === undefined) await this.#present();
      const ifVersion = this.#version ?? 0;
      const { outcome, version } = await this.#inTime('written', () =>
        this.#store.set(STATE_KEY, value, { ifVersion }),
      );
      if (outcome === 'written') {
        this.#version = version;
        return;
      }
      await this.#takeOwn();
    }
    throw unavailable('written', 'they are being changed all the time');
  }

  /** Goes on from a late write of our own. @throws {PortcullisError} `LIMITS_CONFLICT` for anybody else's */
  async #takeOwn(): Promise<void> {
    const before = this.#version;
    const found = recordSchema.safeParse(await this.#present());
    if (found.success && this.#own.has(found.data.changeId)) return;
    this.#version = before;
    const who = found.success
      ? `by ${found.data.by.id}: ${found.data.reason}`
      : 'by somebody, and not to be read';
    throw new PortcullisError('LIMITS_CONFLICT', `limits: changed meanwhile ${who}`);
  }

  async #present(): Promise<unknown> {
    const entry = await this.#inTime('read', () => this.#store.get(STATE_KEY));
    this.#version = entry?.version ?? 0;
    return entry?.value;
  }

  async #inTime<T>(what: 'read' | 'written', work: () => Promise<T>): Promise<T> {
    const answer = await answerInTime(this.#clock, this.#timeoutMs, work);
    if (answer.kind === 'answer') return answer.value;
    throw unavailable(what, answer.reason);
  }
}

const unavailable = (what: string, why: string): PortcullisError =>
  new PortcullisError('STORE_UNAVAILABLE', `the limits could not be ${what}: ${why}`);
