import type { Clock } from '../../core/clock.ts';
import type { Delivery } from '../../events/delivery.ts';
import type { DeadReason } from '../../events/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import { Acknowledger } from './acknowledger.ts';
import type { PartitionLease } from './partition-leases.ts';
import { ACK, CONSUMER, COUNT_ATTEMPTS, LOST } from './partition-scripts.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import type { RedisScript } from './redis-script.ts';

/** An event of a partition that was given to the member. */
export interface RedisDelivery extends Delivery {
  readonly streamId: string;
  readonly work: PartitionWork;
  readonly text: string;
  /** Attempts that have ended, by whichever process. */
  made: number;
  /** Neither done nor buried nor given back. */
  isOpen: boolean;
  /** Called when its attempt has ended, one way or another. */
  onAttempted: (() => void) | undefined;
}

/** An event that goes to the dead letters. */
export interface Unhandled {
  readonly streamId: string;
  readonly text: string;
  readonly reason: DeadReason;
  readonly detail: string;
  readonly attempts: number;
}

export interface PartitionWorkDeps {
  readonly link: Pick<RedisLink, 'command'>;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly group: string;
  readonly lose: (lease: PartitionLease) => void;
}

/** What is under way under one lease, and what the server is told of it. */
export class PartitionWork {
  readonly lease: PartitionLease;
  readonly acks: Acknowledger;
  readonly keys: readonly [owner: string, events: string];
  /** Handlers that have returned a promise, until it settles, whatever becomes of their event: position, attempt. */
  readonly running = new Map<string, number>();
  /** Attempts of those, until the member has told how they ended: position, attempt. */
  readonly begun = new Map<string, number>();
  /** Positions of events whose letter is being written. */
  readonly dying = new Set<string>();
  /** Events read and not offered, since reading was stopped meanwhile. */
  readonly unoffered: string[] = [];
  /** Events that are neither done nor buried nor given back. */
  inFlight = 0;
  readonly #deps: PartitionWorkDeps;

  constructor(lease: PartitionLease, deps: PartitionWorkDeps) {
    const { topic, partition } = lease;
    const { keys, clock, logger, group } = deps;
    this.lease = lease;
    this.#deps = deps;
    this.keys = [keys.owner(topic, partition, group), keys.events(topic, partition)];
    this.acks = new Acknowledger({
      ...{ clock, logger },
      acknowledge: async (ids) => (await this.run(ACK, ids)) !== LOST,
    });
  }

  /**
   * Runs a script that begins with the fence, under the lease as it is then: `LOST` means that it is another's, which is
   * seen to. Rejects as a command does.
   *
   * @param args behind token and group
   * @param keys behind those of the lease and the stream
   */
  async run(
    script: RedisScript,
    args: readonly (string | number)[],
    keys: readonly string[] = [],
  ): Promise<unknown> {
    for (;;) {
      const { token } = this.lease;
      const reply = await script.run(
        this.#deps.link,
        [...this.keys, ...keys],
        [token, this.#deps.group, ...args],
      );
      if (reply !== LOST) return reply;
      if (token !== this.lease.token && this.lease.state !== 'lost') continue; // it was retaken meanwhile
      this.lose();
      return reply;
    }
  }

  /** The lease is another's. */
  lose(): void {
    this.#deps.lose(this.lease);
  }

  /** The member has told how an attempt ended. */
  attempted(delivery: RedisDelivery): void {
    if (this.begun.size > 0) this.begun.delete(delivery.position);
    delivery.onAttempted?.();
    delivery.onAttempted = undefined;
  }

  /** The event is done, buried or given back. */
  settle(delivery: RedisDelivery): void {
    if (delivery.isOpen) this.inFlight--;
    delivery.isOpen = false;
  }

  done(delivery: RedisDelivery): void {
    this.attempted(delivery);
    this.settle(delivery);
    this.acks.add(delivery.streamId);
  }

  /**
   * Leaves events to the next owner, with the attempts that they have had: one that was cut off counts, one that had not begun does
   * not. Never rejects; where the server cannot be told, each counts as one attempt more.
   */
  async giveBack(deliveries: readonly RedisDelivery[]): Promise<void> {
    const had = deliveries.map(
      ({ streamId, position, made }) => [streamId, this.begun.get(position) ?? made] as const,
    );
    const unread = this.unoffered.splice(0).map((id) => [id, 0] as const);
    await this.countAttempts([...had, ...unread]).catch(() => undefined);
    for (const delivery of deliveries) this.settle(delivery);
  }

  /** Puts on record how many attempts events have had: id, count. Rejects as a command does. */
  async countAttempts(counts: readonly (readonly [id: string, count: number])[]): Promise<void> {
    for (let from = 0; from < counts.length; from += MOST_COUNTS) {
      const args = [CONSUMER, ...counts.slice(from, from + MOST_COUNTS).flat()];
      await this.run(COUNT_ATTEMPTS, args);
    }
  }
}

/** Of one script. */
const MOST_COUNTS = 1000;
