import { EventEmitter } from 'node:events';
import type { z } from 'zod';
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

/** A line of the log. */
export interface TestedLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A service in a world that the test holds in its hand. */
export interface TestedService<S> {
  readonly service: S;
  readonly clock: ManualClock;
  /** Codes with which it would have ended the process. */
  readonly exits: readonly number[];
  /** Asks it without a socket; a text is a path to get. */
  readonly inject: (request: string | InjectOptions) => Promise<InjectResponse>;
  /** Value of each series, such as `trading_operations_total{operation="poll",outcome="ok"}`. */
  readonly metrics: () => Promise<Readonly<Record<string, number>>>;
  /** What it has logged so far. */
  readonly logs: () => readonly TestedLine[];
  /** Sends a signal, and resolves when the stop that it begins is over. */
  readonly signal: (name: StopSignal) => Promise<StopReport>;
  /** Moves the clock, and lets everything run that falls due. */
  readonly advance: (ms: number) => Promise<void>;
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
 * Starts a service as it is, on free ports, with a clock that stands still (Monday, 5 January 2026, noon UTC), no environment,
 * and log, metrics, signals and exit caught. Stop it at the end of the test.
 *
 * @param what a class whose constructor needs nothing, or the definition of a service
 * @param ports what the test brings itself, such as `env`, `flags` or `audit`
 * @throws {PortcullisError} as the service does when it cannot start
 */
export function testService<S extends TestableService>(
  what: new () => S,
  ports?: ServicePorts,
): Promise<TestedService<S>>;
export function testService<C extends z.ZodObject = NoConfig>(
  what: ServiceDefinition<C>,
  ports?: ServicePorts,
): Promise<TestedService<Service<C>>>;
export async function testService(
  what: (new () => TestableService) | ServiceDefinition,
  ports: ServicePorts = {},
): Promise<TestedService<TestableService>> {
  const clock = new ManualClock(START_MS);
  const lines: TestedLine[] = [];
  const exits: number[] = [];
  const signals = new EventEmitter();
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as TestedLine) };
  const metrics = new MetricsRegistry({}, { clock });
  const world: ServicePorts = {
    clock,
    random: () => 0.5,
    env: {},
    signals,
    exit: (code) => exits.push(code),
    logger: createLogger({ name: 'tested', level: 'debug' }, { clock, destination }),
    metrics,
    ...ports,
    overrides: {
      ...ports.overrides,
      service: { port: 0, host: '127.0.0.1', ...(ports.overrides?.['service'] as object | undefined) },
    },
  };
  const service = constructWith(world, () => (typeof what === 'function' ? new what() : createService(what)));
  await service.start();
  const turn = async (): Promise<void> => {
    // Enough for whatever waits on something that waits: sockets take more than one.
    for (let i = 0; i < 5; i += 1) await clock.turn();
  };
  return {
    service,
    clock,
    exits,
    inject: (request) => service.inject(typeof request === 'string' ? { url: request } : request),
    metrics: async () => valuesIn(await (ports.metrics ?? metrics).exposition()),
    logs: () => [...lines],
    signal: (name) => {
      signals.emit(name);
      return service.stop();
    },
    advance: async (ms) => {
      await turn();
      const untilMs = clock.nowMs() + ms;
      // Timer by timer, with a turn in between: otherwise a check would be late before it could answer.
      while (clock.nextDueMs <= untilMs) {
        clock.advanceTo(clock.nextDueMs);
        await clock.turn();
      }
      clock.advanceTo(untilMs);
      await turn();
    },
    stop: () => service.stop(),
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
