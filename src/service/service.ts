import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { type Principal, system } from '../core/principal.ts';
import { type Logger, MetricsRegistry, createLogger } from '../telemetry/index.ts';
import { BackgroundWork, type WorkContext } from './background-work.ts';
import { Dependencies, type DependencyOptions } from './health/dependencies.ts';
import { Health } from './health/health.ts';
import { HttpListeners, type InjectOptions, type InjectResponse } from './http/http-listeners.ts';
import type { ServiceApp } from './http/http-server.ts';
import { exitWithProcess } from './process-exit.ts';
import { type KernelPorts, type ServicePorts, kernelPorts, portsOf } from './service-ports.ts';
import { type ServiceSettings, serviceIdentity, serviceSettings } from './service-settings.ts';
import { ServiceLife } from './service-life.ts';
import { type ServiceState, isOver } from './service-state.ts';
import { type StopReport, StopSequence } from './stop-sequence.ts';

const optionsSchema = z.strictObject({ ...serviceIdentity, ...serviceSettings.shape });

/** @interface */
export type ServiceOptions = z.input<typeof optionsSchema>;

/** What `onStart` gets. */
export interface StartContext {
  /** Aborts when the end of the service begins. */
  readonly signal: AbortSignal;
  /**
   * Takes over something that was opened, and gives it back: it is watched, brought back when it fails, and closed at the
   * end, the last opened first.
   *
   * @throws {PortcullisError} `OPTION_INVALID`, also when the name is taken
   */
  use<T>(name: string, dependency: T, options?: DependencyOptions): T;
}

/** What a service does at its turning points. All of it is optional. */
export interface ServiceHooks {
  /** Opens what the service needs. Until it is done `/ready` and the service's own routes answer 503. */
  readonly onStart?: ((context: StartContext) => void | Promise<void>) | undefined;
  /** Adds routes, with all that Fastify offers. Runs once, before the service listens. */
  readonly routes?: ((app: ServiceApp) => void | Promise<void>) | undefined;
  /** The end has begun: takes on nothing new. HTTP still answers everything, `/ready` says 503. */
  readonly onDrain?: (() => void | Promise<void>) | undefined;
  /** Requests and background work are over: closes what `use` does not close. Runs once if `onStart` was begun, also when that failed. */
  readonly onStop?: (() => void | Promise<void>) | undefined;
}

export type ServiceDefinition = ServiceOptions & ServiceHooks;

const FLUSH_LOGS_MS = 1000;
const LOG_BUFFER_BYTES = 4096;

/**
 * The kernel of a service: HTTP with probes and metrics, logs with correlation ids, dependencies, background work, an
 * orderly stop. `createService` makes one; `BaseEnterpriseService` is a class over it.
 */
export class Service {
  readonly name: string;
  readonly version: string;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly health: Health;
  readonly #options: z.output<typeof optionsSchema>;
  readonly #hooks: ServiceHooks;
  readonly #ports: ServicePorts;
  readonly #kernel: KernelPorts;
  readonly #life: ServiceLife;
  readonly #work: BackgroundWork;
  readonly #dependencies: Dependencies;
  readonly #ending = new AbortController();
  readonly #working = new AbortController();
  #settings: ServiceSettings;
  #http: HttpListeners | undefined;
  #release: Disposable[] = [];
  #isHooked = false;
  #opening: Promise<void> | undefined;
  #started: Promise<this> | undefined;
  #stopped: Promise<StopReport> | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(definition: ServiceDefinition, given: ServicePorts = {}) {
    const { onStart, routes, onDrain, onStop, ...options } = definition;
    this.#hooks = { onStart, routes, onDrain, onStop };
    this.#options = parseOptions('service', optionsSchema, options);
    const { name, version, healthCacheMs: cacheMs, ...settings } = this.#options;
    this.name = name;
    this.version = version;
    this.#settings = settings;
    this.#ports = portsOf(given);
    this.#kernel = kernelPorts(this.#ports);
    const { clock, random } = this.#kernel;
    this.log =
      this.#ports.logger ??
      createLogger({ name, level: settings.logLevel, bufferBytes: LOG_BUFFER_BYTES }, { clock });
    this.metrics = this.#ports.metrics ?? new MetricsRegistry();
    this.health = new Health({ cacheMs }, { clock });
    const deps = { clock, random, log: this.log, metrics: this.metrics, health: this.health };
    this.#life = new ServiceLife({ name, version }, deps);
    this.#work = new BackgroundWork(name, this.#working.signal, deps);
    this.#dependencies = new Dependencies({ ...deps, signal: this.#ending.signal });
  }

  get state(): ServiceState {
    return this.#life.state;
  }

  /** Aborts when the end of the service begins. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The URL the service listens under. @throws {PortcullisError} `SERVICE_STOPPED` while it does not listen. */
  get address(): string {
    const address = this.#http?.address;
    if (address !== undefined) return address;
    throw new PortcullisError('SERVICE_STOPPED', `${this.name} is ${this.state} and has no address`);
  }

  /** Where probes and metrics are. The same as `address` unless there is a listener of their own. @throws as `address`. */
  get adminAddress(): string {
    const address = this.#http?.adminAddress;
    if (address !== undefined) return address;
    throw new PortcullisError('SERVICE_STOPPED', `${this.name} is ${this.state} and has no address`);
  }

  /** Answers a request without a socket: for tests. @throws {PortcullisError} `SERVICE_STOPPED` before it has listened. */
  async inject(request: InjectOptions): Promise<InjectResponse> {
    if (this.#http !== undefined) return this.#http.inject(request);
    throw new PortcullisError('SERVICE_STOPPED', `${this.name} is ${this.state} and answers nothing`);
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
    this.#stopped ??= this.#stop(reason, 'stopped');
    return this.#stopped;
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
    this.#opening = this.#open();
    try {
      await Promise.race([this.#opening, stopped]);
    } catch (cause) {
      // Unless a stop is what made it fail.
      if (this.#stopped === undefined) {
        this.#stopped = this.#stop(`start failed: ${String(cause)}`, 'failed');
        await this.#stopped;
        const message = `${this.name} could not start: ${String(cause)}`;
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
      stop: (reason, end) => (this.#stopped ??= this.#stop(reason, end)),
    });
    this.#release.push(exiting, flushing);
    const { name, version, log, metrics, health } = this;
    this.#http = new HttpListeners(this.#settings, this.#settings.limits, {
      ...{ name, version, clock, log, metrics, health },
      life: this.#life,
      routes: (app) => this.#hooks.routes?.(app),
      adminRoutes: () => undefined,
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
    await this.#record('service.started', system(this.name), { version: this.version });
  }

  async #stop(reason: string, end: 'stopped' | 'failed'): Promise<StopReport> {
    const { clock } = this.#kernel;
    const stop = new StopSequence(clock);
    if (this.state === 'created') {
      this.#life.become('stopped');
      return stop.report(reason);
    }
    const hadServed = this.#life.hasServed;
    const wasStarting = this.state === 'starting';
    this.#life.become('draining');
    this.log.info({ reason }, 'stopping');
    this.#ending.abort(new PortcullisError('SERVICE_STOPPED', `${this.name} is stopping: ${reason}`));
    await this.#wind(stop, { isDrained: hadServed, isAwaited: wasStarting && end === 'stopped' });
    const closeMs = this.#settings.closeTimeoutMs;
    for (const { name, close } of this.#dependencies.takeOpen())
      await stop.run(`close ${name}`, closeMs, close);
    const details = { reason, forced: stop.report(reason).forced };
    await stop.run('audit', closeMs, () => this.#record('service.stopped', system(this.name), details));
    for (const each of this.#ports.flush ?? [])
      await stop.run(`flush ${each.name}`, closeMs, () => each.flush());
    for (const each of this.#release.splice(0)) each[Symbol.dispose]();
    await stop.run('logs', closeMs, () => {
      this.log.flush();
    });
    this.#life.become(end);
    const report = stop.report(reason);
    this.log.info({ ...report }, this.state);
    this.log.flush();
    return report;
  }

  /** Ends what is under way: with everything still answered, then with no further connections. */
  async #wind(
    stop: StopSequence,
    how: { readonly isDrained: boolean; readonly isAwaited: boolean },
  ): Promise<void> {
    const { drainDelayMs, stopTimeoutMs } = this.#settings;
    const { clock } = this.#kernel;
    if (how.isAwaited) await stop.run('start', stopTimeoutMs, () => this.#opening?.catch(() => undefined));
    const delay = how.isDrained && drainDelayMs > 0 ? clock.sleep(drainDelayMs) : undefined;
    if (this.#isHooked && this.#hooks.onDrain !== undefined)
      await stop.run('onDrain', stopTimeoutMs, () => this.#hooks.onDrain?.());
    if (delay !== undefined) await stop.run('drain', Infinity, () => delay);
    this.#life.become('stopping');
    this.#working.abort(this.signal.reason);
    const http = this.#http;
    await Promise.all([
      stop.run(
        'requests',
        stopTimeoutMs,
        () => http?.close(),
        () => http?.cut() ?? 'nothing',
      ),
      stop.run(
        'work',
        stopTimeoutMs,
        () => this.#work.idle(),
        () => `${this.#work.count} pieces of work`,
      ),
    ]);
    if (this.#isHooked && this.#hooks.onStop !== undefined)
      await stop.run('onStop', this.#settings.closeTimeoutMs, () => this.#hooks.onStop?.());
  }

  async #record(kind: string, by: Principal, details: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#ports.audit?.record({ kind, by, ...details });
  }
}

/** A service without a class: the hooks stand in its definition. @throws {PortcullisError} `OPTION_INVALID` */
export const createService = (definition: ServiceDefinition, ports?: ServicePorts): Service =>
  new Service(definition, ports);
