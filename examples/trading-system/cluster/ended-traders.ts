import type { Lease } from 'portcullis/storage';
import type { SupervisorEvent } from '../supervisor/supervisor.ts';
import { leaseOwnerOf } from '../trading/lease-owner.ts';

/**
 * Tells the lease of the desk when a trading process has ended: its parent knows that for certain, so that the standby need not
 * wait until the lease is over. Where the whole machine is gone nobody can say so, and the time of the lease counts.
 */
export class EndedTraders {
  readonly #lease: Pick<Lease, 'ownerEnded'>;
  readonly #pids = new Map<string, number>();

  constructor(lease: Pick<Lease, 'ownerEnded'>) {
    this.#lease = lease;
  }

  /** Resolves to whether a lease was let go because of it. */
  take(event: SupervisorEvent): Promise<boolean> {
    if (event.event === 'started') this.#pids.set(event.child, event.pid);
    if (event.event !== 'ended') return Promise.resolve(false);
    const pid = this.#pids.get(event.child);
    this.#pids.delete(event.child);
    // With an error nobody has seen its end.
    return pid === undefined || event.error !== undefined
      ? Promise.resolve(false)
      : this.#lease.ownerEnded(leaseOwnerOf(event.child, pid));
  }
}
