import { BaseEnterpriseService, type ServicePorts, type StartContext } from 'portcullis/service';
import { type Role, portOf } from '../config.ts';
import type { Parts, ServiceSeat } from '../parts/parts.ts';

/** A service of the system: its seat in the configuration, what all of them share, and where the others find it. */
export abstract class SystemService<P extends Parts = Parts> extends BaseEnterpriseService {
  protected readonly seat: ServiceSeat;
  protected readonly parts: P;
  readonly #role: Role;

  constructor(role: Role, seat: ServiceSeat, parts: P, ports: ServicePorts = {}) {
    const { config, instance } = seat;
    const { host, logLevel } = config;
    const port = portOf(config, role, instance);
    super({ name: role, host, port, logLevel }, { clock: parts.clock, events: parts.bus, ...ports });
    this.seat = seat;
    this.parts = parts;
    this.#role = role;
  }

  /** Tells the others where it is, until it stops. The last step of a start: who finds it may ask it. */
  protected tellWhere(use: StartContext['use']): void {
    const { instance } = this.seat;
    const place = { role: this.#role, instance, url: this.address, pid: process.pid };
    use('endpoint', this.parts.endpoints.register(place));
  }
}
