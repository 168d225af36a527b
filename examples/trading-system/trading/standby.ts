import type { Clock } from 'portcullis/core';
import type { Lease, LeaseHold } from 'portcullis/storage';
import type { Logger } from 'portcullis/telemetry';

/** What is open for the time of one lease. */
export interface Tenancy {
  /** Ends it in order; where the lease is lost nothing is written any more. */
  close(): Promise<void>;
}

export interface StandbyDeps<T extends Tenancy> {
  readonly lease: Pick<Lease, 'acquire'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
  /** Opens what the holder has. What it throws is logged, the lease released, and it is tried again. */
  readonly open: (hold: LeaseHold) => Promise<T>;
  /** The lease has ended under what is open: at once, before it is closed. */
  readonly onLost?: ((reason: string) => void) | undefined;
}

/** Wait after what could not be opened, so that another one gets its turn. */
const AGAIN_MS = 500;

/** Waits for a lease, opens what its holder has, closes it when the lease is lost, and waits again; until it is stopped. */
export class Standby<T extends Tenancy> {
  readonly #deps: StandbyDeps<T>;
  #active: T | undefined;

  constructor(deps: StandbyDeps<T>) {
    this.#deps = deps;
  }

  /** What is open and may act. */
  get active(): T | undefined {
    return this.#active;
  }

  /** @param signal ends it: what is open is closed, the lease released */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const hold = await this.#deps.lease.acquire(signal).catch(() => undefined);
      if (hold === undefined) continue; // aborted
      try {
        await this.#serve(hold, signal);
      } catch (error) {
        this.#deps.logger.error(
          { error: String(error), fencedBy: hold.token },
          'what the lease is for could not be opened',
        );
        await hold.release();
        await this.#deps.clock.sleep(AGAIN_MS, signal).catch(() => undefined);
      }
    }
  }

  async #serve(hold: LeaseHold, signal: AbortSignal): Promise<void> {
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
      try {
        await over;
      } finally {
        this.#active = undefined;
        await active.close();
      }
      await hold.release();
    } finally {
      lost[Symbol.dispose]();
      signal.removeEventListener('abort', stop);
    }
  }
}
