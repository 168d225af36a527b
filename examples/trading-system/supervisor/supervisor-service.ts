import { PortcullisError } from 'portcullis/core';
import {
  BaseEnterpriseService,
  HttpProblem,
  type ServiceApp,
  type ServicePorts,
  serveApi,
} from 'portcullis/service';
import type { Supervisor } from './supervisor.ts';
import { supervisorApi } from './supervisor-api.ts';

/** For all stages together; each child has a limit of its own. */
const STOP_MS = 180_000;

/** The supervisor as a service: status and restart over HTTP, and the orderly stop. */
export class SupervisorService extends BaseEnterpriseService {
  readonly #supervisor: Supervisor;

  constructor(supervisor: Supervisor, port: number, ports: ServicePorts = {}) {
    super({ name: 'supervisor', port, logLevel: 'error', stopTimeoutMs: STOP_MS }, ports);
    this.#supervisor = supervisor;
    this.health.add('children', () => this.#problem(), { critical: true });
  }

  protected override async onDrain(): Promise<void> {
    await this.#supervisor.stop('the supervisor stops');
  }

  protected override routes(app: ServiceApp): void {
    const supervisor = this.#supervisor;
    serveApi(app, supervisorApi, {
      getStatus: () => ({
        phase: supervisor.phase,
        restarting: supervisor.isRestarting,
        children: supervisor.status(),
      }),
      restart: ({ body: { reason, children } }) => {
        this.restart(reason, children);
        return { begun: true as const };
      },
    });
  }

  /** Begins to restart them. @throws {HttpProblem} 404 for a child that is not there, 409 while it cannot be */
  restart(reason: string, children?: readonly string[]): void {
    const supervisor = this.#supervisor;
    const unknown = children?.find((name) => !supervisor.status().some((one) => one.name === name));
    if (unknown !== undefined) throw new HttpProblem(404, `there is no child ${unknown}`);
    if (supervisor.phase !== 'running') throw new HttpProblem(409, `the system is ${supervisor.phase}`);
    if (supervisor.isRestarting) throw new HttpProblem(409, 'a restart is under way');
    supervisor.restart(reason, children).catch((error: unknown) => {
      const code = error instanceof PortcullisError ? error.code : 'unexpected';
      this.log.error({ err: error, code }, 'restart');
    });
  }

  #problem(): true | string {
    const { phase } = this.#supervisor;
    if (phase !== 'running') return `the system is ${phase}`;
    const away = this.#supervisor.status().filter(({ state }) => state !== 'ready');
    return away.length === 0 || away.map(({ name, state }) => `${name} is ${state}`).join(', ');
  }
}
