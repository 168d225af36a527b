import type { Clock } from '../core/clock.ts';
import type { Logger, MetricsRegistry, Tracing } from '../telemetry/index.ts';
import type { Delivery, MemberListener } from './delivery.ts';
import type { EventHandler } from './event-bus.ts';

/** What a member works with. */
export interface MemberDeps<T extends Delivery> {
  /** Name of the bus, for metrics. */
  readonly bus: string;
  readonly group: string;
  /** Whether the group is that of one replay: it counts as `replay`, and what it gives up is no dead letter. */
  readonly isReplay?: boolean | undefined;
  readonly handler: EventHandler;
  readonly clock: Clock;
  /** In [0, 1), for the jitter of back-offs. */
  readonly random?: (() => number) | undefined;
  readonly listener: MemberListener<T>;
  readonly metrics?: MetricsRegistry | undefined;
  readonly tracing?: Tracing | undefined;
  readonly logger?: Logger | undefined;
}
