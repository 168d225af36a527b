import { PortcullisError } from '../core/errors.ts';
import type { EventBus } from '../events/index.ts';
import {
  BaseEnterpriseService,
  type ServiceApp,
  type ServiceOptions,
  type ServicePorts,
  type StartContext,
} from '../service/index.ts';
import { type EventRoutesOptions, eventRoutes } from './event-routes.ts';

/** Name, version and settings of an event service, and of its routes. */
export type EventServiceOptions = ServiceOptions & { readonly events?: EventRoutesOptions };

/** The world around an event service. */
export interface EventServicePorts extends ServicePorts {
  /** Opens the bus when the service starts, for instance with its clock and metrics; the service closes it at its end. */
  readonly openBus: (service: EventService) => EventBus | Promise<EventBus>;
}

/** What a bus may take to close: less than the service gives to what it closes. */
const CLOSE_MS = 4_000;

/**
 * A bus as a service of its own: publishing, tail, replay, groups and dead letters over HTTP, all on `port`. It is not ready
 * while the bus cannot be reached. With an `authenticator` operators may also change groups and dead letters, on the same
 * listener.
 *
 * ```ts
 * const openBus = ({ clock, metrics }: EventService) => EmbeddedEventBus.open({}, { clock, metrics, catalogue });
 * await new EventService({ name: 'events', port: 8080 }, { openBus }).start()
 * ```
 */
export class EventService extends BaseEnterpriseService {
  readonly #routes: EventRoutesOptions;
  readonly #ports: EventServicePorts;
  #bus: EventBus | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: EventServiceOptions, ports: EventServicePorts) {
    const { events = {}, ...own } = options;
    const { openBus: _, ...around } = ports;
    super(own, around);
    this.#routes = events;
    this.#ports = ports;
  }

  /** @throws {PortcullisError} `SERVICE_STOPPED` before it is open */
  get bus(): EventBus {
    if (this.#bus !== undefined) return this.#bus;
    throw new PortcullisError('SERVICE_STOPPED', `${this.name} is ${this.state} and has no bus`);
  }

  protected override async onStart({ use }: StartContext): Promise<void> {
    const bus = await this.#ports.openBus(this);
    this.#bus = use('event-bus', bus, {
      check: () => {
        const { connected, error, waiting } = bus.status();
        return connected || `${error ?? 'not connected'}; ${waiting} events wait`;
      },
      close: () => bus.close(CLOSE_MS),
    });
  }

  protected override routes(app: ServiceApp): void {
    const { authenticator, audit } = this.#ports;
    eventRoutes(app, { bus: () => this.bus, service: this, authenticator, audit }, this.#routes);
  }
}
