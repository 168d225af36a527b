import type { Client } from '@openfeature/server-sdk';
import type { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Logger, MetricsRegistry, Tracing } from '../telemetry/index.ts';
import type { WorkContext } from './background-work.ts';
import type { Health } from './health/health.ts';
import type { InjectOptions, InjectResponse } from './http/http-listeners.ts';
import type { ServiceApp } from './http/http-server.ts';
import { Service } from './service.ts';
import type { ServiceOptions, StartContext } from './service-definition.ts';
import type { FlagControl } from './flags/flag-control.ts';
import type { NoConfig } from './service-config.ts';
import type { VersionStats } from './rollback/version-stats.ts';
import type { ServicePorts } from './service-ports.ts';
import type { ServiceState } from './service-state.ts';
import type { StopReport } from './stop-sequence.ts';

/**
 * A service: HTTP with `/live`, `/startup`, `/ready`, `/health` and `/metrics`, logs with correlation ids, an orderly stop.
 *
 * ```ts
 * class Quotes extends BaseEnterpriseService { constructor() { super({ name: 'quotes' }) } }
 * await new Quotes().start()
 * ```
 *
 * The constructor only stores; `start()` reads the configuration, listens, then runs `onStart`. SIGTERM and SIGINT stop in
 * order and end the process with code 0, or 1 when something was cut or failed; a second one ends it at once with code 1. An
 * error that nobody caught stops in order with code 1. All of it is `createService` as a class.
 */
export abstract class BaseEnterpriseService<S extends z.ZodObject = NoConfig> {
  readonly #service: Service<S>;
  #started: Promise<this> | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: ServiceOptions<S>, ports: ServicePorts = {}) {
    const hooks = {
      onStart: (context: StartContext) => this.onStart(context),
      routes: (app: ServiceApp) => this.routes(app),
      onDrain: () => this.onDrain(),
      onStop: () => this.onStop(),
    };
    this.#service = new Service<S>({ ...options, ...hooks }, ports);
  }

  get name(): string {
    return this.#service.name;
  }

  get log(): Logger {
    return this.#service.log;
  }

  get metrics(): MetricsRegistry {
    return this.#service.metrics;
  }

  get health(): Health {
    return this.#service.health;
  }

  get tracing(): Tracing {
    return this.#service.tracing;
  }

  /** What the service tells time by and waits with: that of the machine, or the one it was given. */
  get clock(): Clock {
    return this.#service.clock;
  }

  /** What it has answered so far: the running version, for a `RollbackWatch`. */
  get requestStats(): VersionStats {
    return this.#service.requestStats;
  }

  /** What the service wants to know, read by `start()`. @throws {PortcullisError} `SERVICE_STOPPED` before that. */
  get config(): z.output<S> {
    return this.#service.config;
  }

  /** Feature flags: an OpenFeature client. @throws {PortcullisError} `SERVICE_STOPPED` before `start()` has read them. */
  get flags(): Client {
    return this.#service.flags;
  }

  /** Changes flags, each change audited. @throws {PortcullisError} `SERVICE_STOPPED` before `start()`, and without a file of flags. */
  get flagControl(): FlagControl {
    return this.#service.flagControl;
  }

  get state(): ServiceState {
    return this.#service.state;
  }

  /** Aborts when the end of the service begins. */
  get signal(): AbortSignal {
    return this.#service.signal;
  }

  /** The URL the service listens under. @throws {PortcullisError} `SERVICE_STOPPED` while it does not listen. */
  get address(): string {
    return this.#service.address;
  }

  /** Where probes and metrics are. The same as `address` unless there is a listener of their own. @throws as `address`. */
  get adminAddress(): string {
    return this.#service.adminAddress;
  }

  /** Answers a request without a socket: for tests. @throws {PortcullisError} `SERVICE_STOPPED` before it has listened. */
  inject(request: InjectOptions): Promise<InjectResponse> {
    return this.#service.inject(request);
  }

  /** Opens what the service needs. Until it is done `/ready` and the service's own routes answer 503. */
  protected onStart(_context: StartContext): void | Promise<void> {
    // Nothing to open unless a service says so.
  }

  /** Adds routes, with all that Fastify offers. Runs once in `start()`, before it listens. */
  protected routes(_app: ServiceApp): void | Promise<void> {
    // The chassis routes are there without it.
  }

  /** The end has begun: take on nothing new. HTTP still answers everything, while `/ready` says 503. */
  protected onDrain(): void | Promise<void> {
    // Nothing to wind down unless a service says so.
  }

  /**
   * Requests and background work are over: close what `use` does not close. Runs once if `onStart` was begun, also when that
   * failed.
   */
  protected onStop(): void | Promise<void> {
    // Nothing to close unless a service says so.
  }

  /**
   * Starts; further calls get the same promise.
   *
   * @throws {PortcullisError} `SERVICE_START_FAILED` with the cause, after everything was closed again; `SERVICE_STOPPED` when
   * the service was stopped before it was ready.
   */
  start(): Promise<this> {
    this.#started ??= this.#service.start().then(() => this);
    return this.#started;
  }

  /** Stops in order; further calls get the same promise. Never rejects. */
  stop(reason?: string): Promise<StopReport> {
    return this.#service.stop(reason);
  }

  /**
   * Runs a piece of background work under a correlation id (the one at hand, or a fresh one) and in a span, counts it and
   * measures how long it took. An error is logged and passed on. The stop aborts its signal and waits for it.
   *
   * @param name what is done, such as `poll-prices`: one of few, since it is a label
   * @throws {PortcullisError} `SERVICE_STOPPED` before `start()` and after `stop()`.
   */
  run<T>(name: string, fn: (context: WorkContext) => T | Promise<T>): Promise<T> {
    return this.#service.run(name, fn);
  }
}
