import { SYSTEM_HEALTH_CHANGED } from 'portcullis/events';
import { type ServiceApp, type ServicePorts, type StartContext, serveApi } from 'portcullis/service';
import { monitoringApi } from '../api/monitoring-api.ts';
import { ROLES, leaseNameOf } from '../config.ts';
import { Fleet } from '../monitoring/fleet.ts';
import { type HealthChange, overviewOf } from '../monitoring/overview.ts';
import type { Parts, ServiceSeat } from '../parts/parts.ts';
import { type ActiveDesk, TradingLink } from '../risk/trading-link.ts';
import { SystemService } from './system-service.ts';

const INSTANCES = {
  name: 'monitoring_instances',
  help: 'Processes of a service by how they were found last.',
  labels: { role: [...ROLES], level: ['up', 'degraded', 'down'] },
} as const;

const LOOK_EVERY_MS = 1_000;
const REMEMBERED = 100;

/** Looks after all processes: asks each how it is, listens to what they tell, and says all of it on one page. */
export class MonitoringService extends SystemService {
  readonly #instances = this.metrics.gauge(INSTANCES);
  readonly #fleet: Fleet;
  readonly #trading: TradingLink;
  /** The newest first. */
  #changes: readonly HealthChange[] = [];
  #active: ActiveDesk | undefined;
  #problem: { readonly reason: string; readonly sinceMs: number } | undefined;
  #stopEvents: (() => Promise<void>) | undefined;

  constructor(seat: ServiceSeat, parts: Parts, ports: ServicePorts = {}) {
    super('monitoring', seat, parts, ports);
    this.#fleet = new Fleet(parts);
    this.#trading = new TradingLink(leaseNameOf(seat.config), parts);
  }

  protected override async onStart({ signal, use }: StartContext): Promise<void> {
    const { bus } = this.parts;
    use('fleet', this.#fleet, { critical: false, check: () => this.#problem?.reason ?? true });
    const told = bus.subscribe('monitoring', [SYSTEM_HEALTH_CHANGED], ({ data, time }) => {
      const { service, state, level } = data;
      const change = { service, state, level, atMs: Date.parse(time) };
      this.#changes = [change, ...this.#changes].slice(0, REMEMBERED);
    });
    this.#stopEvents = () => told.stop();
    await told.ready;
    this.tellWhere(use);
    void this.run('look-after', ({ signal: cut }) => this.#lookUntil(AbortSignal.any([signal, cut]))).catch(
      () => undefined,
    );
  }

  protected override async onDrain(): Promise<void> {
    await this.#stopEvents?.();
  }

  protected override routes(app: ServiceApp): void {
    // For whoever types the address.
    app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/overview'));
    serveApi(app, monitoringApi, {
      getOverview: () => {
        const { members, killSwitch } = this.#fleet;
        const leaseName = leaseNameOf(this.seat.config);
        const sight = {
          members,
          killSwitch,
          leaseName,
          active: this.#active,
          changes: this.#changes,
          problem: this.#problem,
        };
        return overviewOf({ ...sight, atMs: this.clock.nowMs() });
      },
    });
  }

  async #lookUntil(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      // Both to their end: the processes answer also while what they share does not.
      const [active, looked] = await Promise.allSettled([this.#trading.active(), this.#fleet.look(over)]);
      if (active.status === 'fulfilled') this.#active = active.value;
      const failed = [active, looked].find((one) => one.status === 'rejected');
      if (failed === undefined) this.#problem = undefined;
      else
        this.#problem = {
          reason: reasonOf(failed.reason),
          sinceMs: this.#problem?.sinceMs ?? this.clock.nowMs(),
        };
      this.#count();
      await this.clock.sleep(LOOK_EVERY_MS, over).catch(() => undefined);
    }
  }

  #count(): void {
    const { members } = this.#fleet;
    for (const role of ROLES)
      for (const level of ['up', 'degraded', 'down'] as const)
        this.#instances.set(
          { role, level },
          members.filter((one) => one.role === role && one.level === level).length,
        );
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'the shared state does not answer';
