import { type Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
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

/** Of what another attempt does not help. */
const FOR_EVER: ReadonlySet<string> = new Set(['INPUT_INVALID', 'OPTION_INVALID', 'BUS_CLOSED']);

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
    void this.attempt(type, make, options);
  }

  /**
   * As `publish`, for those who try again: `refused` is what no bus will ever take, or this one not any more. Never rejects.
   *
   * @param make called at once, before this returns
   */
  async attempt<D>(
    type: EventType<D>,
    make: () => NoInfer<D>,
    options?: PublishOptions,
  ): Promise<'taken' | 'failed' | 'refused'> {
    if (this.#underWay >= MAX_UNDER_WAY) {
      this.#failed(type, `${MAX_UNDER_WAY} publications wait for the bus`);
      return 'failed';
    }
    this.#underWay += 1;
    try {
      const { outcome } = await this.#deps.bus.publish(type, make(), options);
      if (outcome !== 'dropped') return 'taken';
      this.#failed(type, 'the bus is full and has dropped it');
      return 'failed';
    } catch (error) {
      this.#failed(type, errorText(error));
      return error instanceof PortcullisError && FOR_EVER.has(error.code) ? 'refused' : 'failed';
    } finally {
      this.#underWay -= 1;
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
