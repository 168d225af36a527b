import type { Clock } from '../core/clock.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Logger, MetricsRegistry } from '../telemetry/index.ts';
import type { Health } from './health/health.ts';
import { HealthPublisher } from './health-publisher.ts';
import { SERVICE_STATES, type ServiceState, isServing, step } from './service-state.ts';

const STATE = {
  name: 'service_state',
  help: '1 for the state that the service is in, 0 for the others.',
  labels: { state: SERVICE_STATES },
} as const;

const BUILD_INFO = {
  name: 'service_build_version',
  help: '1, with the version of the service as label.',
  labels: ['service', 'version'],
} as const;

const STARTED = {
  name: 'service_start_timestamp_seconds',
  help: 'When the service became ready for the first time; 0 before.',
} as const;

/** Where a service stands in its life: its state, as a metric too, ready or degraded by the health of what it depends on. */
export class ServiceLife {
  readonly #health: Health;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #show: () => void;
  readonly #started: { set(value: number): void };
  readonly #told: HealthPublisher | undefined;
  #state: ServiceState = 'created';
  #hasServed = false;

  constructor(
    service: { readonly name: string; readonly version: string },
    deps: {
      readonly clock: Clock;
      readonly health: Health;
      readonly log: Logger;
      readonly metrics: MetricsRegistry;
      readonly events: Pick<EventBus, 'publish'> | undefined;
    },
  ) {
    const { name, version } = service;
    this.#health = deps.health;
    this.#clock = deps.clock;
    this.#log = deps.log;
    const state = deps.metrics.gauge(STATE);
    this.#show = () => {
      for (const each of SERVICE_STATES) state.set({ state: each }, each === this.#state ? 1 : 0);
    };
    this.#show();
    deps.metrics.gauge(BUILD_INFO).set({ service: name, version }, 1);
    this.#started = deps.metrics.gauge(STARTED);
    const { events: bus, log: logger } = deps;
    this.#told = bus && new HealthPublisher(service, { ...deps, bus, logger });
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** Whether it has ever been ready or degraded: what `/startup` says. */
  get hasServed(): boolean {
    return this.#hasServed;
  }

  /** @throws {PortcullisError} `SERVICE_STOPPED` when the table has no such step. */
  become(state: ServiceState): void {
    this.#state = step(this.#state, state);
    this.#show();
    this.#told?.become(state);
  }

  /** Serves from now on: as well as its dependencies are, which are asked each `everyMs` until disposed. */
  serve(everyMs: number): Disposable {
    this.become(this.#serving());
    this.#hasServed = true;
    this.#started.set(this.#clock.nowMs() / 1000);
    const listening = this.#health.onReport(() => {
      const next = this.#serving();
      if (!isServing(this.#state) || next === this.#state) return;
      this.become(next);
      this.#log[next === 'ready' ? 'info' : 'warn']({ state: next }, 'state');
    });
    const asking = this.#clock.every(everyMs, () => {
      void this.#health.report();
    });
    return {
      [Symbol.dispose]: () => {
        listening[Symbol.dispose]();
        asking[Symbol.dispose]();
      },
    };
  }

  #serving(): 'ready' | 'degraded' {
    return this.#health.status === 'up' ? 'ready' : 'degraded';
  }
}
