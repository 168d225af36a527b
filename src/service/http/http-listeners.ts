import type { Clock } from '../../core/clock.ts';
import type { Logger, MetricsRegistry, Tracing } from '../../telemetry/index.ts';
import type { Health } from '../health/health.ts';
import type { ServiceLife } from '../service-life.ts';
import { CHASSIS_ROUTES, addChassisRoutes } from './chassis-routes.ts';
import type { HttpLimits } from './http-limits.ts';
import { HttpServer, type ServiceApp } from './http-server.ts';
import { LoadShedding, type LoopDelay, measureLoopDelay } from './load-shedding.ts';
import { documentRoutes, serveDocs } from './open-api.ts';
import type { RequestStats } from './request-stats.ts';
import { RequestTelemetry } from './request-telemetry.ts';

export interface ListenersDeps {
  readonly name: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly tracing: Tracing;
  readonly stats?: RequestStats | undefined;
  readonly health: Health;
  readonly life: Pick<ServiceLife, 'state' | 'hasServed'>;
  /** Adds the routes of the service itself. */
  readonly routes: (app: ServiceApp) => unknown;
  /** Adds what only operators may ask, where there is a listener for them. */
  readonly adminRoutes: (app: ServiceApp) => unknown;
  /** Default: that of this thread. */
  readonly loopDelay?: LoopDelay & Disposable;
}

export interface InjectOptions {
  /** Default: `GET`. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';
  readonly url: string;
  readonly headers?: Record<string, string>;
  /** Sent as JSON unless it is text. */
  readonly payload?: string | object;
  /** Whether the listener for operators is asked, where there is one. */
  readonly admin?: boolean;
}

export interface InjectResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, number | string | string[] | undefined>>;
  readonly body: string;
  /** The body, parsed. */
  json(): unknown;
}

/** Where the listeners are. */
export interface Places {
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort?: number | undefined;
}

/**
 * The HTTP side of a service: one listener for all, or one for its own routes and one for probes, metrics, documentation
 * and administration. The latter stays open until the former is closed.
 */
export class HttpListeners {
  readonly #places: Places;
  readonly #public: HttpServer;
  readonly #admin: HttpServer | undefined;
  readonly #disposables: readonly Disposable[];

  constructor(places: Places, limits: HttpLimits, deps: ListenersDeps) {
    this.#places = places;
    const { loopDelay = measureLoopDelay() } = deps;
    const shedding = new LoadShedding(limits, { ...deps, loopDelay });
    this.#disposables = [shedding, loopDelay];
    const server = (): HttpServer =>
      new HttpServer({ ...deps, limits, shedding, telemetry: new RequestTelemetry(CHASSIS_ROUTES, deps) });
    this.#public = server();
    this.#admin = places.adminPort === undefined ? undefined : server();
    const { name: title, version } = deps;
    documentRoutes(this.#public.app, { title, version });
    const chassis = (this.#admin ?? this.#public).app;
    addChassisRoutes(chassis, deps);
    serveDocs(chassis, this.#public.app);
    this.#public.serve(deps.routes);
    // Operators are let in when there is too much to do, and while it starts: that is when they are needed.
    if (this.#admin !== undefined) deps.adminRoutes(this.#admin.app);
  }

  /** Answers without a socket, on the listener that has the route. */
  async inject({ admin = false, ...request }: InjectOptions): Promise<InjectResponse> {
    const { app } = admin ? (this.#admin ?? this.#public) : this.#public;
    const { statusCode: status, headers, body } = await app.inject(request);
    return { status, headers, body, json: () => JSON.parse(body) as unknown };
  }

  get address(): string | undefined {
    return this.#public.address;
  }

  /** The same as `address` where there is one listener for all. */
  get adminAddress(): string | undefined {
    return (this.#admin ?? this.#public).address;
  }

  async listen(): Promise<void> {
    const { host, port, adminHost, adminPort } = this.#places;
    if (adminPort !== undefined) await this.#admin?.listen(adminHost, adminPort);
    await this.#public.listen(host, port);
  }

  /** Takes no further connections and waits for the requests at hand; probes are answered until the end. */
  async close(): Promise<void> {
    await this.#public.close();
    await this.#admin?.close();
    this.#dispose();
  }

  /** Closes everything now, and says what was under way. */
  cut(): string {
    this.#admin?.cut();
    this.#dispose();
    return this.#public.cut();
  }

  #dispose(): void {
    for (const each of this.#disposables) each[Symbol.dispose]();
  }
}
