import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { LeaseContender } from './lease-contender.ts';
import type { LeaseHold } from './lease-hold.ts';
import { LeaseStore } from './lease-store.ts';
import { type LeaseHolder, type LeaseValue, holderOf } from './lease-value.ts';
import { RenewedHold } from './renewed-hold.ts';
import type { StateSignals } from './state-signals.ts';
import type { StateStore } from './state-store.ts';

const optionsSchema = z
  .strictObject({
    /** What is held: part of the key of its entry, visible ASCII without blanks. */
    name: z
      .string()
      .regex(/^[\x21-\x7e]{1,200}$/, 'expected 1 to 200 visible ASCII characters without blanks'),
    /** Who takes part, for others to read. Of one run of a process, where `ownerEnded` is to be told of it. */
    owner: z.string().min(1),
    /** For how long the holder may count on it from a renewal on; those who wait leave it alone for that long. */
    ttlMs: z.number().gt(0).max(86_400_000).default(5_000),
    /** Default: a third of `ttlMs`. */
    renewEveryMs: z.number().gt(0).exactOptional(),
    /** How much earlier the holder takes it for over than the others do: for clocks that do not run equally fast. Default: a tenth of `ttlMs`. */
    marginMs: z.number().gt(0).exactOptional(),
    /** How often those who wait look, announced or not. Default: a fifth of `ttlMs`. */
    pollEveryMs: z.number().gt(0).exactOptional(),
    /** What the holder wants others to know, such as its URL. */
    info: z.json().exactOptional(),
  })
  .transform(({ ttlMs, ...rest }) => ({
    renewEveryMs: ttlMs / 3,
    marginMs: ttlMs / 10,
    pollEveryMs: ttlMs / 5,
    ...rest,
    ttlMs,
  }))
  .refine(
    ({ ttlMs, marginMs, renewEveryMs }) => 2 * renewEveryMs <= ttlMs - marginMs,
    'expected renewEveryMs of at most half of what marginMs leaves of ttlMs, so that one renewal may fail',
  );

const RELEASE_TRIES = 3;

/** @interface */
export type LeaseOptions = z.input<typeof optionsSchema>;

/** Where a lease tells what becomes of it. */
export interface LeaseLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface LeaseDeps {
  /** Shared by all who take part. */
  readonly store: Pick<StateStore, 'get' | 'set'>;
  readonly clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
  /** Default: those who wait find out by looking. */
  readonly signals?: StateSignals;
  readonly logger?: LeaseLogger;
}

/**
 * What one of many may hold at a time. It is an entry of a shared store, changed by compare-and-set: the holder writes it anew
 * before its time is over; the others take it when it has not changed for that long, each by its own monotonic clock. No clocks
 * are compared. Where the entry is missing nobody can say who had it, so it is waited for as well.
 *
 * Two hold it at once only where the store goes back to an older state that one of them has seen (a backup, a replica that
 * lagged), for up to one time between renewals; where one clock gains more than the margin on another within one time to live;
 * or between the check and the act of one that is stopped right there. A monotonic clock stands still while its machine sleeps:
 * let go of the lease before you suspend one.
 */
export class Lease {
  readonly name: string;
  readonly #rules: z.output<typeof optionsSchema>;
  readonly #deps: LeaseDeps;
  readonly #store: LeaseStore;
  readonly #key: string;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: LeaseOptions, deps: LeaseDeps) {
    this.#rules = parseOptions('Lease', optionsSchema, options);
    this.name = this.#rules.name;
    this.#key = `lease/${this.name}`;
    this.#deps = deps;
    this.#store = new LeaseStore({ key: this.#key, limitMs: this.#rules.renewEveryMs / 2 }, deps);
  }

  /**
   * Waits until it is ours. While the store fails or hangs it goes on waiting. Rejects only with the signal's reason.
   */
  acquire(signal?: AbortSignal): Promise<LeaseHold> {
    const { promise, resolve, reject } = Promise.withResolvers<LeaseHold>();
    const givenUp = new AbortController();
    const giveUp = (): void => {
      givenUp.abort();
      const reason: unknown = signal?.reason;
      reject(reason instanceof Error ? reason : new Error(String(reason)));
    };
    if (signal?.aborted === true) {
      giveUp();
      return promise;
    }
    signal?.addEventListener('abort', giveUp, { once: true });
    void this.#contend(givenUp.signal).then((hold) => {
      signal?.removeEventListener('abort', giveUp);
      if (hold !== undefined) resolve(hold);
    });
    return promise;
  }

  /**
   * Who has it, as far as the store says; whoever it was may be gone.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE` where it does not say so in time
   */
  async holder(): Promise<LeaseHolder | undefined> {
    const found = await this.#store.look();
    if (found !== undefined) return holderOf(found.entry);
    throw new PortcullisError('STORE_UNAVAILABLE', `lease ${this.name}: the store does not say who holds it`);
  }

  /**
   * Lets the next one have it at once, by the word of one who knows for certain that its owner does not run any more, as the
   * parent of a process does that has been told of its end. Never rejects.
   *
   * @returns whether it was let go: `false` where somebody else has it, nobody, or the store does not answer in time
   */
  async ownerEnded(owner: string): Promise<boolean> {
    // What it sent last may arrive behind our look.
    for (let tries = 0; tries < RELEASE_TRIES; tries += 1) {
      const entry = (await this.#store.look())?.entry;
      if (entry === undefined || holderOf(entry)?.owner !== owner) return false;
      const answer = await this.#store.write({ state: 'released' }, entry.version);
      if (answer?.outcome !== 'written') continue;
      await this.#announce();
      return true;
    }
    return false;
  }

  async #contend(signal: AbortSignal): Promise<LeaseHold | undefined> {
    const { ttlMs, pollEveryMs } = this.#rules;
    const { clock, signals } = this.#deps;
    const contender = new LeaseContender(
      { ttlMs, pollEveryMs, claim: this.#claim },
      { store: this.#store, clock },
    );
    const listening = signals?.onAnnounced(this.#key, () => {
      contender.wake();
    });
    try {
      for (;;) {
        const taken = await contender.take(signal);
        if (taken === undefined) return undefined;
        const hold = new RenewedHold(taken, { ...this.#rules, claim: this.#claim }, this.#renewal);
        if (!signal.aborted && hold.isHeld()) {
          this.#deps.logger?.info(this.#about(taken.token), 'lease acquired');
          void this.#announce();
          return hold;
        }
        // The answer came when it was over already, or nobody wants it any more.
        await hold.release();
      }
    } finally {
      listening?.[Symbol.dispose]();
    }
  }

  get #claim(): LeaseValue & { readonly state: 'held' } {
    const { owner, ttlMs, info } = this.#rules;
    return { state: 'held', owner, ttlMs, ...(info !== undefined && { info }) };
  }

  get #renewal() {
    const { clock, logger } = this.#deps;
    return {
      store: this.#store,
      clock,
      announce: () => this.#announce(),
      lost: (reason: string) => {
        logger?.warn({ ...this.#about(), reason }, 'lease lost');
      },
    };
  }

  #about(token?: number) {
    const { name, owner } = this.#rules;
    return { lease: name, owner, ...(token !== undefined && { token }) };
  }

  /** Others find out by looking where it fails or hangs. */
  async #announce(): Promise<void> {
    const { signals } = this.#deps;
    if (signals !== undefined) await this.#store.inTime(() => signals.announce(this.#key));
  }
}
