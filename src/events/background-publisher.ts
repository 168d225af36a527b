import { type Clock } from '../core/clock.ts';
import { errorText } from '../telemetry/error-text.ts';
import { type BoundCounter, type Logger, type MetricsRegistry, silentLogger } from '../telemetry/index.ts';
import { BUS_PUBLISH_FAILURES } from './bus-metrics.ts';
import type { EventBus, PublishOptions } from './event-bus.ts';
import type { EventType } from './event-type.ts';

/** Where what a part of the system tells goes to. */
export interface PublisherDeps {
  readonly bus: Pick<EventBus, 'publish'>;
  readonly clock: Clock;
  /** Counts what was not taken. Default: nobody counts. */
  readonly metrics?: MetricsRegistry | undefined;
  /** Gets why, at most once a minute. Default: nobody. */
  readonly logger?: Logger | undefined;
}

const LOG_EVERY_MS = 60_000;

/** Publications that may be on their way to a bus that has no room: more than these would only fill memory. */
const MAX_UNDER_WAY = 1_000;

/**
 * Publishes for a part of the system that must neither wait for the bus nor fail with it. What the bus refuses or drops, and
 * what there is no room for, is counted in `trading_bus_publish_failures_total` and logged at most once a minute.
 */
export class BackgroundPublisher {
  readonly #name: string;
  readonly #deps: Pick<PublisherDeps, 'bus'> & { readonly clock: Pick<Clock, 'monotonicMs'> };
  readonly #failures: BoundCounter | undefined;
  readonly #logger: Logger;
  #underWay = 0;
  #unsaid = 0;
  #saidMs = -Infinity;

  /** @param name of the part, as a label: `kill-switch` */
  constructor(
    name: string,
    deps: Omit<PublisherDeps, 'clock'> & { readonly clock: Pick<Clock, 'monotonicMs'> },
  ) {
    this.#name = name;
    this.#deps = deps;
    this.#failures = deps.metrics?.counter(BUS_PUBLISH_FAILURES).bind({ publisher: name });
    this.#logger = deps.logger ?? silentLogger;
  }

  /**
   * Publishes what `make` gives, in the order of calls. Never throws, whatever `make` and the bus do.
   *
   * @param make called at once, before this returns
   */
  publish<D>(type: EventType<D>, make: () => NoInfer<D>, options?: PublishOptions): void {
    if (this.#underWay >= MAX_UNDER_WAY) {
      this.#failed(type, `${MAX_UNDER_WAY} publications wait for the bus`);
      return;
    }
    this.#underWay += 1;
    void this.#publish(type, make, options).then((failure) => {
      this.#underWay -= 1;
      if (failure !== undefined) this.#failed(type, failure);
    });
  }

  /** Why it was not taken. The part before the first `await` runs within the call. */
  async #publish<D>(
    type: EventType<D>,
    make: () => NoInfer<D>,
    options: PublishOptions | undefined,
  ): Promise<string | undefined> {
    try {
      const { outcome } = await this.#deps.bus.publish(type, make(), options);
      return outcome === 'dropped' ? 'the bus is full and has dropped it' : undefined;
    } catch (error) {
      return errorText(error);
    }
  }

  #failed({ type }: Pick<EventType, 'type'>, why: string): void {
    this.#failures?.inc();
    this.#unsaid += 1;
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#saidMs < LOG_EVERY_MS) return;
    this.#saidMs = nowMs;
    const [publisher, failures] = [this.#name, this.#unsaid];
    this.#unsaid = 0;
    this.#logger.warn({ publisher, type, why, failures }, 'an event was not published');
  }
}
