import type { Clock } from '../../core/clock.ts';
import type { EventHandler, StartPosition } from '../../events/index.ts';
import type { MemberRules } from '../../events/subscribe-options.ts';
import type { Logger, MetricsRegistry, Tracing } from '../../telemetry/index.ts';
import type { EventFilter } from './event-filter.ts';
import type { GroupCounters } from './group-counters.ts';
import type { GroupStreams } from './group-streams.ts';
import type { PartitionWork, RedisDelivery, Unhandled } from './partition-work.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';

export interface RedisGroupMemberOptions {
  /** Of the bus. */
  readonly name: string;
  readonly group: string;
  readonly memberId: string;
  readonly partitions: number;
  readonly batch: number;
  readonly leaseMs: number;
  readonly commandTimeoutMs: number;
  readonly rules: MemberRules;
  readonly from: StartPosition;
}

export interface RedisGroupMemberDeps {
  readonly link: RedisLink;
  /** For blocking commands of this member. */
  readonly waitLink: RedisLink;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly filter: EventFilter;
  readonly handler: EventHandler;
  readonly counters: GroupCounters;
  readonly random?: (() => number) | undefined;
  readonly metrics?: MetricsRegistry | undefined;
  readonly tracing?: Tracing | undefined;
  /** Deals with an event that will not be handled. Never rejects. */
  readonly bury: (work: PartitionWork, unhandled: Unhandled, signal: AbortSignal) => Promise<void>;
  readonly isReplay?: boolean | undefined;
  /** Once before the group is made. */
  readonly beforeMake?: ((streams: GroupStreams) => Promise<void>) | undefined;
  readonly isBeyond?: ((work: PartitionWork, id: string) => boolean) | undefined;
  readonly onDone?: ((delivery: RedisDelivery) => void) | undefined;
}
