import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import { BEAT } from './membership-scripts.ts';
import { LOST, RELEASE, RENEW, TAKE } from './partition-scripts.ts';
import { type TopicPartition, memberEntry, shareOf } from './partition-share.ts';
import { replyCode } from './redis-failure.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';

/** A partition that this member may read until `validUntilMs` of the monotonic clock, unless it is renewed. */
export interface PartitionLease extends TopicPartition {
  /** What the server has for as long as it is ours: the member and a fencing number. */
  token: string;
  validUntilMs: number;
  /** The same by wall time, which goes on while the machine is suspended. */
  validUntilWallMs: number;
  /** `draining`: another one should have it, and waits until what is under way here has ended. */
  state: 'held' | 'draining' | 'lost';
}

interface LeaseListener {
  /** Whether a partition can be taken now: not while a handler from an earlier lease still runs. */
  mayTake(at: TopicPartition): boolean;
  onTaken(lease: PartitionLease): void;
  /** It is somebody else's, or may be. */
  onLost(lease: PartitionLease): void;
  /** Another one should have it. Resolves when nothing of it is under way here. Never rejects. */
  drain(lease: PartitionLease): Promise<void>;
}

export interface PartitionLeasesOptions {
  readonly group: string;
  readonly memberId: string;
  readonly topics: readonly string[];
  readonly partitions: number;
  readonly leaseMs: number;
}

export interface PartitionLeasesDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: LeaseListener;
}

/**
 * What one member of a group owns. Tells the server that it lives, finds out who else does, takes its share, renews it, and hands
 * over what is another's by now. Local validity counts from before the renewal was sent, so that it ends before the server's.
 */
export class PartitionLeases {
  readonly #options: PartitionLeasesOptions;
  readonly #deps: PartitionLeasesDeps;
  readonly #entry: string;
  readonly #held = new Map<string, PartitionLease>();
  #beating: Disposable | undefined;
  #soon: Disposable | undefined;
  #tick: Promise<void> | undefined;
  #again = false;
  #failure: string | undefined;
  #phase: 'at work' | 'stopping' | 'gone' = 'at work';

  constructor(options: PartitionLeasesOptions, deps: PartitionLeasesDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#entry = memberEntry(options.memberId, options.topics, options.leaseMs);
  }

  /** Registers the member, so that others see it. Rejects as a command does. */
  async join(): Promise<void> {
    await this.#beat();
  }

  start(): void {
    const { clock } = this.#deps;
    this.#beating = clock.every(Math.max(10, this.#options.leaseMs / 10), () => {
      this.#sweep();
      this.look();
    });
    this.look();
  }

  isValid(lease: PartitionLease): boolean {
    const { clock } = this.#deps;
    if (lease.state === 'lost' || !(clock.monotonicMs() < lease.validUntilMs)) return false;
    return clock.nowMs() < lease.validUntilWallMs;
  }

  /** Gives up a partition without a word to the server: it has been lost, or it cannot be known. */
  lose(lease: PartitionLease): void {
    if (lease.state === 'lost') return;
    lease.state = 'lost';
    if (this.#held.get(nameOf(lease)) === lease) this.#held.delete(nameOf(lease));
    this.#deps.listener.onLost(lease);
    this.#lookIn(1);
  }

  /**
   * A new fencing number for a lease that is ours: commands under the old one that are still somewhere on their way do nothing
   * any more. Rejects as a command does.
   */
  async retake(lease: PartitionLease): Promise<void> {
    if (lease.state === 'lost') return;
    const limits = this.#limits();
    const [isOurs, token] = await this.#ask(lease);
    if (isOurs !== 1) this.lose(lease);
    else Object.assign(lease, limits, { token });
  }

  /** Looks now who lives and what is whose. */
  look(): void {
    if (this.#phase === 'gone') return;
    if (this.#tick !== undefined) {
      this.#again = true;
      return;
    }
    this.#tick = this.#once()
      .then(() => {
        this.#failure = undefined;
      })
      .catch((error: unknown) => {
        const code = replyCode(error);
        if (code === undefined || code !== this.#failure)
          this.#deps.logger[code === undefined ? 'debug' : 'warn'](
            { group: this.#options.group, error },
            'a look at the members of the group has failed',
          );
        this.#failure = code;
      })
      .finally(() => {
        this.#tick = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.look();
      });
  }

  /** Takes nothing more. What it has is renewed until it leaves. */
  stop(): void {
    this.#phase = 'stopping';
    this.#soon?.[Symbol.dispose]();
  }

  /** Lets go of everything, so that others can have it at once. Rejects as a command does; then it expires. */
  async leave(): Promise<void> {
    this.close();
    await this.#tick;
    const { link, keys } = this.#deps;
    const { group, memberId } = this.#options;
    const held = [...this.#held.values()];
    this.#held.clear();
    await Promise.all([
      link.command(['ZREM', keys.members(group), this.#entry]),
      link.command(['DEL', keys.wake(group, memberId)]),
      ...held.map((lease) => RELEASE.run(link, [this.#ownerOf(lease)], [lease.token])),
    ]);
    await this.#wakeOthers();
  }

  /** Renews nothing more, and says nothing. */
  close(): void {
    this.#phase = 'gone';
    this.#beating?.[Symbol.dispose]();
    this.#soon?.[Symbol.dispose]();
  }

  async #once(): Promise<void> {
    const members = await this.#beat();
    if (this.#phase !== 'at work') return;
    const share = shareOf(members, this.#entry, this.#options.partitions);
    const wanted = new Set(share.map(nameOf));
    for (const lease of this.#held.values())
      if (!wanted.has(nameOf(lease)) && lease.state === 'held') void this.#handOver(lease);
    await Promise.all(share.map((at) => this.#take(at)));
  }

  async #beat(): Promise<readonly string[]> {
    const { link, keys } = this.#deps;
    const { group, leaseMs } = this.#options;
    // A third of the lease has to pass: what is idle should cost the server little.
    const youngMs = this.#deps.clock.monotonicMs() + (leaseMs * 2) / 3;
    const due = [...this.#held.values()].filter((lease) => !(lease.validUntilMs > youngMs));
    const renewals = due.map((lease) => this.#renew(lease));
    const [[isNew, members]] = await Promise.all([
      BEAT.run(link, [keys.members(group)], [this.#entry, leaseMs]) as Promise<[number, string[]]>,
      ...renewals,
    ]);
    if (isNew === 1 && members.length > 1) await this.#wakeOthers();
    return members;
  }

  async #renew(lease: PartitionLease): Promise<void> {
    const limits = this.#limits();
    const { token } = lease;
    const reply = await RENEW.run(this.#deps.link, [this.#ownerOf(lease)], [token, this.#options.leaseMs]);
    if (reply !== LOST) Object.assign(lease, limits);
    else if (token === lease.token) this.lose(lease);
  }

  /** Until when a lease is valid that is asked for now. */
  #limits(): Pick<PartitionLease, 'validUntilMs' | 'validUntilWallMs'> {
    const { clock } = this.#deps;
    const { leaseMs } = this.#options;
    return { validUntilMs: clock.monotonicMs() + leaseMs, validUntilWallMs: clock.nowMs() + leaseMs };
  }

  async #ask({ topic, partition }: TopicPartition): Promise<[isOurs: number, token: string, leftMs: number]> {
    const { link, keys } = this.#deps;
    const { group, leaseMs, memberId } = this.#options;
    const both = [keys.owner(topic, partition, group), keys.fence(topic, partition, group)];
    return (await TAKE.run(link, both, [memberId, leaseMs])) as [number, string, number];
  }

  async #take({ topic, partition }: TopicPartition): Promise<void> {
    const { listener } = this.#deps;
    const at = { topic, partition };
    if (this.#held.has(nameOf(at)) || !listener.mayTake(at)) return;
    const limits = this.#limits();
    const [isOurs, token, leftMs] = await this.#ask(at);
    if (isOurs !== 1) {
      this.#lookIn(leftMs + 1);
      return;
    }
    const lease: PartitionLease = { ...at, token, ...limits, state: 'held' };
    this.#held.set(nameOf(lease), lease);
    if (this.#phase === 'at work') listener.onTaken(lease);
  }

  async #handOver(lease: PartitionLease): Promise<void> {
    lease.state = 'draining';
    await this.#deps.listener.drain(lease);
    if (this.#held.get(nameOf(lease)) !== lease) return;
    this.#held.delete(nameOf(lease));
    try {
      await RELEASE.run(this.#deps.link, [this.#ownerOf(lease)], [lease.token]);
      await this.#wakeOthers();
    } catch (error) {
      this.#deps.logger.debug({ error }, 'a lease was not released, and will expire');
    }
  }

  /** The others wait on this stream too: they look within one trip to the server, not with their next heartbeat. */
  async #wakeOthers(): Promise<void> {
    const { link, keys } = this.#deps;
    const key = keys.wake(this.#options.group);
    await link.command(['XADD', key, 'MAXLEN', '8', '*', 'e', '1']);
    await link.command(['PEXPIRE', key, String(this.#options.leaseMs * 10)]);
  }

  #lookIn(ms: number): void {
    if (this.#phase !== 'at work') return;
    this.#soon?.[Symbol.dispose]();
    this.#soon = this.#deps.clock.deadline(Math.max(1, Math.min(ms, this.#options.leaseMs)), () => {
      this.look();
    });
  }

  #sweep(): void {
    for (const lease of [...this.#held.values()]) if (!this.isValid(lease)) this.lose(lease);
  }

  #ownerOf({ topic, partition }: TopicPartition): string {
    return this.#deps.keys.owner(topic, partition, this.#options.group);
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;
