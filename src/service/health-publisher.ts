import { BackgroundPublisher, type PublisherDeps } from '../events/background-publisher.ts';
import { SYSTEM_HEALTH_CHANGED } from '../events/catalogue/system-events.ts';
import type { Health } from './health/health.ts';
import type { ServiceState } from './service-state.ts';

export interface HealthPublisherDeps extends PublisherDeps {
  readonly health: Pick<Health, 'known' | 'onReport'>;
}

/** Tells the bus `system.health-changed`: each state of a service, and each dependency that goes down or comes back. */
export class HealthPublisher {
  readonly #service: { readonly name: string; readonly version: string };
  readonly #health: Pick<Health, 'known'>;
  readonly #publisher: BackgroundPublisher;
  #state: ServiceState = 'created';
  #told = '';

  constructor(service: { readonly name: string; readonly version: string }, deps: HealthPublisherDeps) {
    this.#service = service;
    this.#health = deps.health;
    this.#publisher = new BackgroundPublisher('service', deps);
    deps.health.onReport(({ report, before }) => {
      // What it makes of the state is told with it.
      if (report.status !== before?.status) {
        queueMicrotask(() => {
          this.#tell();
        });
      }
    });
  }

  become(state: ServiceState): void {
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    const { name, version } = this.#service;
    const [state, { status: level, checks }] = [this.#state, this.#health.known];
    const known = Object.entries(checks);
    const key = JSON.stringify([state, known.map(([check, { status }]) => [check, status])]);
    if (this.#told === key) return;
    this.#told = key;
    this.#publisher.publish(SYSTEM_HEALTH_CHANGED, () => ({
      ...{ service: name, version, state, level },
      dependencies: Object.fromEntries(
        known.map(([check, { status, critical, reason }]) => [check, { status, critical, reason }]),
      ),
    }));
  }
}
