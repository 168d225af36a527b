import type { Clock } from 'portcullis/core';
import type { Lease, LeaseHold } from 'portcullis/storage';
import type { Logger } from 'portcullis/telemetry';

/** What is open for the time of one lease. */
export interface Tenancy {
  /** Resolves, with the reason, when it cannot go on: it is closed then, and the lease released. */
  readonly failed?: Promise<string>;
  /** What is wrong with it now, without an end to it. */
  readonly problem?: () => string | undefined;
  /** Ends it in order; where the lease is lost nothing is written any more. */
  close(): Promise<void>;
}

export interface StandbyDeps<T extends Tenancy> {
  readonly lease: Pick<Lease, 'acquire'>;
  readonly clock: Pick<Clock, 'sleep' | 'monotonicMs'>;
  readonly logger: Logger;
  /** Opens what the holder has. What it throws is logged, the lease released, and it is tried again. */
  readonly open: (hold: LeaseHold) => Promise<T>;
  /** The lease has ended under what is open: at once, before it is closed. */
  readonly onLost?: ((reason: string) => void) | undefined;
  /** What was open has failed, is closed, and the lease released. It is not waited for again. Default: it is. */
  readonly onFailed?: ((reason: string) => void) | undefined;
}

/** Wait after what could not be opened, so that another one gets its turn. */
const AGAIN_MS = 500;

/** What was wrong so long ago, and was not met again, is over: another one has the lease. */
const FORGET_MS = 15_000;

/** Waits for a lease, opens what its holder has, closes it when the lease is lost, and waits again; until it is stopped. */
export class Standby<T extends Tenancy> {
  readonly #deps: StandbyDeps<T>;
  #active: T | undefined;
  #trouble: { readonly reason: string; readonly atMs: number } | undefined;

  constructor(deps: StandbyDeps<T>) {
    this.#deps = deps;
  }

  /** What is open and may act. */
  get active(): T | undefined {
    return this.#active;
  }

  /** Why it cannot act as it should; `undefined` where nothing is known. */
  get problem(): string | undefined {
    if (this.#active !== undefined) return this.#active.problem?.();
    const { reason, atMs } = this.#trouble ?? { reason: undefined, atMs: 0 };
    return this.#deps.clock.monotonicMs() - atMs < FORGET_MS ? reason : undefined;
  }

  /** @param signal ends it: what is open is closed, the lease released */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const hold = await this.#deps.lease.acquire(signal).catch(() => undefined);
      if (hold === undefined) continue; // aborted
      try {
        const failure = await this.#serve(hold, signal);
        if (failure === undefined || isAborted(signal)) continue;
        if (this.#deps.onFailed !== undefined) {
          this.#deps.onFailed(failure);
          return;
        }
        await this.#deps.clock.sleep(AGAIN_MS, signal).catch(() => undefined);
      } catch (error) {
        this.#note(String(error));
        this.#deps.logger.error(
          { error: String(error), fencedBy: hold.token },
          'what the lease is for could not be opened',
        );
        await hold.release();
        await this.#deps.clock.sleep(AGAIN_MS, signal).catch(() => undefined);
      }
    }
  }

  #note(reason: string): void {
    this.#trouble = { reason, atMs: this.#deps.clock.monotonicMs() };
  }

  /** @returns why it failed, if it did */
  async #serve(hold: LeaseHold, signal: AbortSignal): Promise<string | undefined> {
    const { promise: over, resolve: end } = Promise.withResolvers<undefined>();
    const stop = (): void => {
      end(undefined);
    };
    const opened = this.#deps.open(hold);
    // Also while it is being opened: whatever it writes then is refused.
    const lost = hold.onLost((reason) => {
      this.#active = undefined;
      this.#deps.onLost?.(reason);
      stop();
    });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      const active = await opened;
      if (hold.isHeld()) this.#active = active;
      this.#trouble = undefined;
      let failure: string | undefined;
      void active.failed?.then((reason) => {
        failure = reason;
        this.#note(reason);
        this.#active = undefined;
        stop();
      });
      try {
        await over;
      } finally {
        this.#active = undefined;
        await active.close();
      }
      await hold.release();
      return failure;
    } finally {
      lost[Symbol.dispose]();
      signal.removeEventListener('abort', stop);
    }
  }
}

/** Read anew: it changes while one waits. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;
