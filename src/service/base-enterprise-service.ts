import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Clock, SystemClock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import type { Logger } from '../telemetry/logger.ts';
import { MetricsRegistry } from '../telemetry/metrics/metrics-registry.ts';
import { createLogger } from '../telemetry/pino-logger.ts';
import { BackgroundWork, type WorkContext } from './background-work.ts';
import { Health } from './health.ts';
import { HttpServer } from './http-server.ts';
import { type ServiceState, step } from './service-state.ts';
import { type SignalSource, type StopSignal, onStopSignals } from './signals.ts';
import { type StopReport, StopSequence } from './stop-sequence.ts';

const schema = z.strictObject({
  /** In logs and in `/health`. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case letter, then letters, digits and -'),
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 takes any free port. */
  port: z.int().min(0).max(65_535).default(0),
  /** For the whole stop; what hangs longer is cut. */
  stopTimeoutMs: z.number().positive().max(600_000).default(10_000),
  /** How long the answer of a health check is good for. */
  healthCacheMs: z.number().min(0).max(60_000).default(1000),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** @interface */
export type ServiceOptions = z.input<typeof schema>;

export interface ServiceDeps {
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly metrics?: MetricsRegistry;
  /** Default: `process`. */
  readonly signals?: SignalSource;
  /** Ends the process after a signal. Default: `process.exit`. */
  readonly exit?: (code: number) => void;
}

/** What `onStart` gets. */
export interface StartContext {
  /** Aborts when the stop begins. */
  readonly signal: AbortSignal;
}

const FLUSH_LOGS_MS = 1000;
const LOG_BUFFER_BYTES = 4096;

/**
 * A service: HTTP with `/live`, `/ready`, `/health` and `/metrics`, logs with correlation ids, an orderly stop.
 *
 * ```ts
 * class Quotes extends BaseEnterpriseService { constructor() { super({ name: 'quotes' }) } }
 * await new Quotes().start()
 * ```
 *
 * The constructor only stores; `start()` listens, then runs `onStart`. SIGTERM and SIGINT stop in order and end the process
 * with code 0, or 1 when something was cut or failed; a second one ends it at once with code 1.
 */
export abstract class BaseEnterpriseService {
  readonly name: string;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly health: Health;
  readonly #options: z.output<typeof schema>;
  readonly #clock: Clock;
  readonly #signals: SignalSource;
  readonly #exit: (code: number) => void;
  readonly #work: BackgroundWork;
  readonly #stopping = new AbortController();
  #state: ServiceState = 'created';
  #address: string | undefined;
  #http: HttpServer | undefined;
  #hooked = false;
  #release = (): void => undefined;
  #signalled = false;
  #opening: Promise<void> | undefined;
  #started: Promise<this> | undefined;
  #stopped: Promise<StopReport> | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: ServiceOptions, deps: ServiceDeps = {}) {
    this.#options = parseOptions('BaseEnterpriseService', schema, options);
    const { name, logLevel: level, healthCacheMs: cacheMs } = this.#options;
    this.name = name;
    const clock = deps.clock ?? new SystemClock();
    this.#clock = clock;
    this.log = deps.logger ?? createLogger({ name, level, bufferBytes: LOG_BUFFER_BYTES }, { clock });
    this.metrics = deps.metrics ?? new MetricsRegistry();
    this.health = new Health({ cacheMs }, { clock });
    this.#signals = deps.signals ?? process;
    this.#exit = deps.exit ?? ((code) => process.exit(code));
    this.#work = new BackgroundWork(name, this.#stopping.signal, {
      clock,
      log: this.log,
      metrics: this.metrics,
    });
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** The URL the service listens under. @throws {PortcullisError} `SERVICE_STOPPED` while it does not listen. */
  get address(): string {
    if (this.#address !== undefined) return this.#address;
    throw new PortcullisError('SERVICE_STOPPED', `${this.name} is ${this.#state} and has no address`);
  }

  /** Opens what the service needs. Until it is done `/ready` and the service's own routes answer 503. */
  protected onStart(_context: StartContext): void | Promise<void> {
    // Nothing to open unless a service says so.
  }

  /**
   * Ends the work of the service, while HTTP still answers and `/ready` says 503. Runs once if `onStart` was begun, also when
   * that failed: close what is open.
   */
  protected onStop(): void | Promise<void> {
    // Nothing to close unless a service says so.
  }

  /** Adds routes, with all that Fastify offers. Runs once in `start()`, before it listens. */
  protected routes(_app: FastifyInstance): void | Promise<void> {
    // The chassis routes are there without it.
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
   * Runs a piece of background work under a correlation id (the one at hand, or a fresh one), counts it and measures how long
   * it took. An error is logged and passed on. The stop aborts the signal and waits for the work.
   *
   * @param name what is done, such as `poll-prices`: one of few, since it is a label
   * @throws {PortcullisError} `SERVICE_STOPPED` before `start()` and after `stop()`.
   */
  async run<T>(name: string, fn: (context: WorkContext) => T | Promise<T>): Promise<T> {
    if (this.#state === 'created' || this.#state === 'stopped' || this.#state === 'failed') {
      throw new PortcullisError('SERVICE_STOPPED', `run ${name}: ${this.name} is ${this.#state}`);
    }
    return this.#work.run(name, fn);
  }

  async #start(): Promise<this> {
    this.#state = step(this.#state, 'starting');
    const { signal } = this.#stopping;
    const stopped = new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
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
    this.#state = step(this.#state, 'ready');
    this.log.info({ address: this.#address }, 'ready');
    return this;
  }

  async #open(): Promise<void> {
    const { host, port } = this.#options;
    const signals = onStopSignals(this.#signals, (signal) => {
      this.#onSignal(signal);
    });
    const flushing = this.#clock.every(FLUSH_LOGS_MS, () => {
      this.log.flush();
    });
    this.#release = () => {
      signals[Symbol.dispose]();
      flushing[Symbol.dispose]();
    };
    this.#http = new HttpServer(this.name, {
      clock: this.#clock,
      log: this.log,
      metrics: this.metrics,
      health: this.health,
      state: () => this.#state,
      routes: (app) => this.routes(app),
    });
    this.#address = await this.#http.listen(host, port);
    if (this.#stopping.signal.aborted) return;
    this.#hooked = true;
    await this.onStart({ signal: this.#stopping.signal });
  }

  async #stop(reason: string, end: 'stopped' | 'failed'): Promise<StopReport> {
    const stop = new StopSequence(this.#clock, this.#options.stopTimeoutMs);
    if (this.#state === 'created') {
      this.#state = step(this.#state, 'stopped');
      return stop.report(reason);
    }
    // From here on /ready says 503.
    const before = this.#state;
    this.#state = step(before, 'stopping');
    this.log.info({ reason }, 'stopping');
    this.#stopping.abort(new PortcullisError('SERVICE_STOPPED', `${this.name} is stopping: ${reason}`));

    if (before === 'starting' && end === 'stopped') {
      await stop.run('start', () => this.#opening?.catch(() => undefined));
    }
    if (this.#hooked) await stop.run('onStop', () => this.onStop());
    await stop.run('work', () => this.#work.idle());
    const http = this.#http;
    if (http !== undefined) {
      await stop.run(
        'server',
        () => http.close(),
        () => {
          http.cut();
        },
      );
    }
    this.#address = undefined;
    this.#release();
    await stop.run('logs', () => {
      this.log.flush();
    });
    this.#state = step(this.#state, end);
    const report = stop.report(reason);
    this.log.info({ ...report }, this.#state);
    this.log.flush();
    return report;
  }

  #onSignal(signal: StopSignal): void {
    if (this.#signalled) {
      this.log.error({ signal }, 'second signal: leaving at once');
      this.#exit(1);
      return;
    }
    this.#signalled = true;
    void this.stop(signal).then((report) => {
      this.#exit(report.steps.every(({ outcome }) => outcome === 'done') ? 0 : 1);
    });
  }
}
