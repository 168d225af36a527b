import { EventEmitter } from 'node:events';
import type { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { ManualClock } from '../core/manual-clock.ts';
import type { InjectOptions, InjectResponse } from '../service/http/http-listeners.ts';
import type { StopSignal } from '../service/process-events.ts';
import type { NoConfig } from '../service/service-config.ts';
import { createService } from '../service/create-service.ts';
import type { Service } from '../service/service.ts';
import type { ServiceDefinition } from '../service/service-definition.ts';
import { type ServicePorts, constructWith } from '../service/service-ports.ts';
import type { StopReport } from '../service/stop-sequence.ts';
import { MetricsRegistry, createLogger } from '../telemetry/index.ts';
import { SteppedClock, advanceBy } from './stepped-clock.ts';

/** A line of the log. */
export interface TestedLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/**
 * What a test may bring itself. Log, signals and exit are caught, and ports are free: for others, make the service itself.
 * A clock that the test brings is moved by the test alone, also through a start or a stop that waits.
 */
export interface TestPorts<K extends Clock = ManualClock> extends Omit<
  ServicePorts,
  'clock' | 'logger' | 'signals' | 'exit' | 'freePorts'
> {
  readonly clock?: K;
}

/** A service in a world that the test holds in its hand. */
export interface TestedService<S, K extends Clock = ManualClock> {
  readonly service: S;
  readonly clock: K;
  /** Codes with which it would have ended the process. */
  readonly exits: readonly number[];
  /** Asks it without a socket; a text is a path to get. */
  readonly inject: (request: string | InjectOptions) => Promise<InjectResponse>;
  /** Value of each series, such as `trading_operations_total{operation="poll",outcome="ok"}`. */
  readonly metrics: () => Promise<Readonly<Record<string, number>>>;
  /** What it has logged so far. */
  readonly logs: () => readonly TestedLine[];
  /** Sends a signal, and resolves when the stop that it begins is over. Moves the clock as `stop` does. */
  readonly signal: (name: StopSignal) => Promise<StopReport>;
  /** Moves the clock, and lets everything run that falls due; on a clock that is not manual, waits. */
  readonly advance: (ms: number) => Promise<void>;
  /**
   * Stops, and moves the clock as far as the stop waits for it. What the test does meanwhile with `advance` and `inject` goes
   * first; to go through a stop by hand alone, call `service.stop()`.
   */
  readonly stop: () => Promise<StopReport>;
}

/** What is asked of a service to test it, whatever its configuration. */
export interface TestableService {
  start(): Promise<unknown>;
  stop(reason?: string): Promise<StopReport>;
  inject(request: InjectOptions): Promise<InjectResponse>;
}

const START_MS = Date.UTC(2026, 0, 5, 12);

/**
 * Starts a service as it is, on free ports of 127.0.0.1, with a clock that stands still (Monday, 5 January 2026, noon UTC), no
 * environment, and log, metrics, signals and exit caught. Where the start waits for the clock, it is moved. Stop the service at
 * the end of the test.
 *
 * @param what a class whose constructor needs nothing, or the definition of a service
 * @param ports what the test brings itself, such as `env`, `flags` or `audit`
 * @throws {PortcullisError} as the service does when it cannot start
 */
export function testService<S extends TestableService, K extends Clock = ManualClock>(
  what: new () => S,
  ports?: TestPorts<K>,
): Promise<TestedService<S, K>>;
export function testService<C extends z.ZodObject = NoConfig, K extends Clock = ManualClock>(
  what: ServiceDefinition<C>,
  ports?: TestPorts<K>,
): Promise<TestedService<Service<C>, K>>;
export async function testService(
  what: (new () => TestableService) | ServiceDefinition,
  ports: TestPorts<Clock> = {},
): Promise<TestedService<TestableService, Clock>> {
  const stepped = new SteppedClock(START_MS);
  const { clock = stepped, metrics = new MetricsRegistry({}, { clock }) } = ports;
  const through = <T>(work: Promise<T>): Promise<T> => (clock === stepped ? stepped.through(work) : work);
  const lines: TestedLine[] = [];
  const exits: number[] = [];
  const signals = new EventEmitter();
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as TestedLine) };
  const world: ServicePorts = {
    random: () => 0.5,
    env: {},
    ...ports,
    clock,
    metrics,
    signals,
    exit: (code) => exits.push(code),
    logger: createLogger({ name: 'tested', level: 'debug' }, { clock, destination }),
    freePorts: true,
  };
  const service = constructWith(world, () => (typeof what === 'function' ? new what() : createService(what)));
  await through(service.start());
  return {
    service,
    clock,
    exits,
    inject: (request) =>
      stepped.hold(() => service.inject(typeof request === 'string' ? { url: request } : request)),
    metrics: async () => valuesIn(await metrics.exposition()),
    logs: () => [...lines],
    signal: (name) => {
      signals.emit(name);
      return through(service.stop());
    },
    advance: (ms) =>
      stepped.hold(() => (clock instanceof ManualClock ? advanceBy(clock, ms) : clock.sleep(ms))),
    stop: () => through(service.stop()),
  };
}

function valuesIn(exposition: string): Record<string, number> {
  const lines = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1).replace('Inf', 'Infinity'))];
    }),
  );
}
