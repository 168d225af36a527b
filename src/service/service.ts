import type { Client } from '@openfeature/server-sdk';
import { type z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { system } from '../core/principal.ts';
import { errorText } from '../telemetry/error-text.ts';
import type { LeveledLogger, Logger, MetricsRegistry, Tracing } from '../telemetry/index.ts';
import { BackgroundWork, type WorkContext } from './background-work.ts';
import { Dependencies } from './health/dependencies.ts';
import type { FlagControl } from './flags/flag-control.ts';
import { Health } from './health/health.ts';
import type { NoConfig, ServiceConfigOptions } from './service-config.ts';
import { type ServiceDefinition, type ServiceHooks, parseDefinition } from './service-definition.ts';
import { type ServiceFlags, type Setup, setUp, setUpAdmin } from './service-setup.ts';
import { HttpListeners, type InjectOptions, type InjectResponse } from './http/http-listeners.ts';
import { RequestStats } from './http/request-stats.ts';
import { exitWithProcess } from './process-exit.ts';
import { type KernelPorts, type ServicePorts, kernelPorts, portsOf } from './service-ports.ts';
import type { ServiceSettings, serviceSettings } from './service-settings.ts';
import { telemetryOf } from './service-telemetry.ts';
import { ServiceLife } from './service-life.ts';
import { type ServiceState, isOver } from './service-state.ts';
import { type StopReport, StopSequence } from './stop-sequence.ts';
import { closeDown } from './close-down.ts';
import { windDown } from './wind-down.ts';

const FLUSH_LOGS_MS = 1000;

/**
 * The kernel of a service: HTTP with probes and metrics, logs with correlation ids, dependencies, background work, an
 * orderly stop. `createService` makes one; `BaseEnterpriseService` is a class over it.
 */
export class Service<S extends z.ZodObject = NoConfig> {
  readonly name: string;
  readonly version: string;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly health: Health;
  readonly tracing: Tracing;
  /** What it has answered so far: the running version, for a `RollbackWatch`. */
  readonly requestStats = new RequestStats();
  readonly #configOptions: ServiceConfigOptions<S>;
  readonly #ownLog: LeveledLogger | undefined;
  /** Settings that the constructor was given. */
  readonly #given: z.input<typeof serviceSettings>;
  readonly #hooks: ServiceHooks;
  readonly #ports: ServicePorts;
  readonly #kernel: KernelPorts;
  readonly #life: ServiceLife;
  readonly #work: BackgroundWork;
  readonly #dependencies: Dependencies;
  readonly #ending = new AbortController();
  readonly #working = new AbortController();
  #settings: ServiceSettings;
  #config: z.output<S> | undefined;
  #flags: ServiceFlags | undefined;
  #http: HttpListeners | undefined;
  #release: Disposable[] = [];
  #isHooked = false;
  #opening: Promise<void> | undefined;
  #started: Promise<this> | undefined;
  #stopped: Promise<StopReport> | undefined;
  #endsAs: 'stopped' | 'failed' = 'stopped';

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(definition: ServiceDefinition<S>, given: ServicePorts = {}) {
    const { name, version, healthCacheMs: cacheMs, settings, ...rest } = parseDefinition(definition);
    this.name = name;
    this.version = version;
    this.#configOptions = rest.configOptions;
    this.#hooks = rest.hooks;
    this.#given = rest.given;
    this.#settings = settings;
    this.#ports = portsOf(given);
    this.#kernel = kernelPorts(this.#ports);
    const { clock, random } = this.#kernel;
    const telemetry = telemetryOf(this.#ports, name, settings.logLevel, clock);
    this.#ownLog = telemetry.ownLog;
    this.log = telemetry.log;
    this.metrics = telemetry.metrics;
    this.tracing = telemetry.tracing;
    this.health = new Health({ cacheMs }, { clock, log: this.log });
    const { log, metrics, health, tracing } = this;
    const deps = { clock, random, log, metrics, health, tracing, events: this.#ports.events };
    this.#life = new ServiceLife({ name, version }, deps);
    this.#work = new BackgroundWork(name, this.#working.signal, deps);
    this.#dependencies = new Dependencies({ ...deps, signal: this.#ending.signal });
  }

  get state(): ServiceState {
    return this.#life.state;
  }

  /** What the service tells time by and waits with: that of the machine, or the one it was given. */
  get clock(): Clock {
    return this.#kernel.clock;
  }

  /** What the service wants to know, read by `start()`. @throws {PortcullisError} `SERVICE_STOPPED` before that. */
  get config(): z.output<S> {
    return this.#config ?? this.#absent('configuration');
  }

  /** Feature flags: an OpenFeature client. @throws {PortcullisError} `SERVICE_STOPPED` before `start()` has read them. */
  get flags(): Client {
    return (this.#flags ?? this.#absent('flags')).client;
  }

  /** Changes flags, each change audited. @throws {PortcullisError} `SERVICE_STOPPED` before `start()`, and without a file of flags. */
  get flagControl(): FlagControl {
    return this.#flags?.control ?? this.#absent('file of flags');
  }

  /** Aborts when the end of the service begins. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The URL the service listens under. @throws {PortcullisError} `SERVICE_STOPPED` while it does not listen. */
  get address(): string {
    return this.#http?.address ?? this.#absent('address');
  }

  /** Where probes and metrics are. The same as `address` unless there is a listener of their own. @throws as `address`. */
  get adminAddress(): string {
    return this.#http?.adminAddress ?? this.#absent('address');
  }

  /** Answers a request without a socket: for tests. @throws {PortcullisError} `SERVICE_STOPPED` before it has listened. */
  async inject(request: InjectOptions): Promise<InjectResponse> {
    return (this.#http ?? this.#absent('listener')).inject(request);
  }

  /**
   * Starts; further calls get the same promise.
   *
   * @throws {PortcullisError} `SERVICE_START_FAILED` with the cause, after everything was closed again; `SERVICE_STOPPED` when
   * the service was stopped before it was ready.
   */
  start(): Promise<this> {
    this.#started ??= this.#start();
    return this.#started;
  }

  /** Stops in order; further calls get the same promise. Never rejects. */
  stop(reason = 'stop() was called'): Promise<StopReport> {
    return this.#end(reason, 'stopped');
  }

  /**
   * Runs a piece of background work under a correlation id (the one at hand, or a fresh one) and in a span, counts it and
   * measures how long it took. An error is logged and passed on. The stop aborts its signal and waits for it.
   *
   * @param name what is done, such as `poll-prices`: one of few, since it is a label
   * @throws {PortcullisError} `SERVICE_STOPPED` before `start()` and after `stop()`.
   */
  async run<T>(name: string, fn: (context: WorkContext) => T | Promise<T>): Promise<T> {
    if (this.state === 'created' || isOver(this.state))
      throw new PortcullisError('SERVICE_STOPPED', `run ${name}: ${this.name} is ${this.state}`);
    return this.#work.run(name, fn);
  }

  async #start(): Promise<this> {
    this.#life.become('starting');
    const stopped = new Promise((resolve) => {
      this.signal.addEventListener('abort', resolve, { once: true });
    });
    this.#opening = this.#open().finally(() => {
      if (isOver(this.state)) this.#dispose(); // it was cut: what it has opened since
    });
    try {
      await Promise.race([this.#opening, stopped]);
    } catch (cause) {
      // Unless a stop is what made it fail.
      if (this.#stopped === undefined) {
        await this.#end(`start failed: ${errorText(cause)}`, 'failed');
        const message = `${this.name} could not start: ${errorText(cause)}`;
        throw new PortcullisError('SERVICE_START_FAILED', message, { cause });
      }
    }
    if (this.#stopped !== undefined) {
      await this.#stopped;
      throw new PortcullisError('SERVICE_STOPPED', `${this.name} was stopped before it was ready`);
    }
    this.#release.push(this.#life.serve(this.#settings.checkEveryMs));
    this.log.info({ address: this.address, version: this.version }, this.state);
    return this;
  }

  async #open(): Promise<void> {
    const { clock } = this.#kernel;
    const flushing = clock.every(FLUSH_LOGS_MS, () => {
      this.log.flush();
    });
    const exiting = exitWithProcess(this.name, {
      ...this.#kernel,
      log: this.log,
      metrics: this.metrics,
      stop: (reason, end) => this.#end(reason, end),
      hasFailed: () => this.state === 'failed',
    });
    this.#release.push(exiting, flushing);
    const { loaded, flags } = await this.#setUp();
    const { hash, profile } = loaded;
    if (this.#ending.signal.aborted) return;
    const { name, version, log, metrics, health, tracing } = this;
    this.#http = new HttpListeners(this.#settings, this.#settings.limits, {
      ...{ name, version, clock, log, metrics, health, tracing, stats: this.requestStats },
      life: this.#life,
      routes: (app) => this.#hooks.routes?.(app),
      adminRoutes: (app) => {
        setUpAdmin(app, this.#ports, { clock, log, ownLog: this.#ownLog, config: loaded, flags });
      },
    });
    await this.#http.listen();
    if (this.signal.aborted) return;
    this.#isHooked = true;
    const { signal } = this;
    await this.#hooks.onStart?.({
      signal,
      use: (name, dependency, options) => this.#dependencies.use(name, dependency, options),
    });
    await this.health.report();
    await this.#record('service.started', { version: this.version, configHash: hash, profile });
  }

  /** Reads settings, configuration and flags. */
  async #setUp(): Promise<Setup<S>> {
    const { log, metrics, health, signal } = this;
    const deps = { ...this.#ports, clock: this.#kernel.clock, log, metrics, health, signal };
    const setup = await setUp(this.name, this.#given, this.#configOptions, deps);
    this.#release.push(setup.loaded);
    this.#settings = setup.settings;
    this.#config = setup.config;
    this.#flags = setup.flags;
    if (this.#ownLog !== undefined) this.#ownLog.level = setup.settings.logLevel;
    if (setup.flags.opened !== undefined) this.#dependencies.use('flags', setup.flags.opened);
    return setup;
  }

  /** Stops, or goes on with the stop that has begun. What has failed once does not end as stopped. */
  #end(reason: string, as: 'stopped' | 'failed'): Promise<StopReport> {
    if (as === 'failed') this.#endsAs = as;
    if (this.#stopped !== undefined) return this.#stopped;
    const { promise, resolve } = Promise.withResolvers<StopReport>();
    this.#stopped = promise; // before anything else: who hears the signal may ask for the stop again
    resolve(this.#stop(reason));
    return promise;
  }

  async #stop(reason: string): Promise<StopReport> {
    const { clock } = this.#kernel;
    const stop = new StopSequence(clock);
    const ended = new PortcullisError('SERVICE_STOPPED', `${this.name} is stopping: ${reason}`);
    if (this.state === 'created') {
      this.#life.become('stopped');
      this.#ending.abort(ended);
      return stop.report(reason);
    }
    const hadServed = this.#life.hasServed;
    const wasStarting = this.state === 'starting';
    this.#life.become('draining');
    this.log.info({ reason }, 'stopping');
    this.#ending.abort(ended);
    await windDown(stop, {
      ...{ clock, settings: this.#settings, life: this.#life, work: this.#work, http: this.#http },
      endWork: () => {
        this.#working.abort(ended);
      },
      hooks: this.#isHooked ? this.#hooks : {},
      opening: wasStarting && this.#endsAs === 'stopped' ? this.#opening : undefined,
      isDrained: hadServed,
    });
    await closeDown(stop, {
      closeMs: this.#settings.closeTimeoutMs,
      open: this.#dependencies.takeOpen(),
      flush: this.#ports.flush ?? [],
      log: this.log,
      record: (forced) => this.#record('service.stopped', { reason, forced }),
    });
    this.#dispose();
    this.#life.become(this.#endsAs);
    const report = stop.report(reason);
    this.log.info({ ...report }, this.state);
    this.log.flush();
    return report;
  }

  #dispose(): void {
    for (const each of this.#release.splice(0)) each[Symbol.dispose]();
  }

  #absent(what: string): never {
    throw new PortcullisError('SERVICE_STOPPED', `${this.name} is ${this.state} and has no ${what}`);
  }

  async #record(kind: string, details: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#ports.audit?.record({ kind, by: system(this.name), ...details });
  }
}
