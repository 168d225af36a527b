/** A service whose hooks a test gives, in a world that the test holds in its hand. */
import { EventEmitter } from 'node:events';
import { afterEach } from 'vitest';
import type { AuditEvent } from '../../src/audit/index.ts';
import { ManualClock } from '../../src/core/index.ts';
import {
  BaseEnterpriseService,
  type ServiceApp,
  type ServiceOptions,
  type ServicePorts,
  type StartContext,
} from '../../src/service/index.ts';
import { createLogger, MetricsRegistry } from '../../src/telemetry/index.ts';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [key: string]: unknown;
}

export interface Hooks {
  readonly onStart?: (context: StartContext) => void | Promise<void>;
  readonly onDrain?: () => void | Promise<void>;
  readonly onStop?: () => void | Promise<void>;
  readonly routes?: (app: ServiceApp) => void | Promise<void>;
}

export class Probe extends BaseEnterpriseService {
  /** Hooks in the order in which they ran. A hook that the constructor called would find it missing. */
  readonly calls: string[] = [];
  readonly #hooks: Hooks;

  constructor(options: Partial<ServiceOptions>, ports: ServicePorts, hooks: Hooks) {
    super({ name: 'probe', ...options }, ports);
    this.#hooks = hooks;
  }

  protected override onStart(context: StartContext): void | Promise<void> {
    this.calls.push('onStart');
    return this.#hooks.onStart?.(context);
  }

  protected override onDrain(): void | Promise<void> {
    this.calls.push('onDrain');
    return this.#hooks.onDrain?.();
  }

  protected override onStop(): void | Promise<void> {
    this.calls.push('onStop');
    return this.#hooks.onStop?.();
  }

  protected override routes(app: ServiceApp): void | Promise<void> {
    this.calls.push('routes');
    return this.#hooks.routes?.(app);
  }
}

const START_MS = 1_700_000_000_000;

/** Ports of a service that a test can look into. */
export function world() {
  const clock = new ManualClock(START_MS);
  const lines: Line[] = [];
  const audited: AuditEvent[] = [];
  const exits: number[] = [];
  const signals = new EventEmitter();
  const metrics = new MetricsRegistry();
  let flushes = 0;
  const destination = {
    write: (line: string) => lines.push(JSON.parse(line) as Line),
    flushSync: () => {
      flushes += 1;
    },
  };
  const ports = {
    clock,
    random: () => 0.5,
    env: {},
    signals,
    exit: (code) => exits.push(code),
    logger: createLogger({ name: 'probe' }, { clock, destination }),
    metrics,
    audit: { record: (event) => Promise.resolve(audited.push(event)) },
  } satisfies ServicePorts;
  return { clock, lines, audited, exits, signals, metrics, ports, flushes: () => flushes };
}

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** Stops the service at the end of the test, however long that takes on its clock. */
export function stopAfterwards(clock: ManualClock, service: { stop(): Promise<unknown> }): void {
  stops.push(() => over(clock, service.stop()));
}

export function probe(hooks: Hooks = {}, options: Partial<ServiceOptions> = {}, ports: ServicePorts = {}) {
  const around = world();
  const service = new Probe(options, { ...around.ports, ...ports }, hooks);
  stopAfterwards(around.clock, service);
  /** Status of a path, asked over a socket. */
  const get = async (path: string): Promise<number> => {
    const answer = await fetch(`${service.address}${path}`);
    await answer.body?.cancel();
    return answer.status;
  };
  /** Status of a path, asked without one. */
  const ask = async (path: string): Promise<number> => (await service.inject({ url: path })).status;
  return { ...around, service, get, ask };
}

/** Lets everything run that waits for nothing but its turn, sockets included. */
export async function turns(clock: ManualClock, count = 10): Promise<void> {
  for (let i = 0; i < count; i += 1) await clock.turn();
}

/** Lets time pass in steps, so that whatever falls due is over before the next does. */
export async function pass(clock: ManualClock, ms: number, stepMs = 500): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
    clock.advance(stepMs);
    await turns(clock, 3);
  }
}

/** Moves the clock until the promise is settled. */
export async function over<T>(clock: ManualClock, promise: Promise<T>, stepMs = 500): Promise<T> {
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  promise.then(end, end);
  for (let i = 0; i < 1000 && !isOver; i += 1) {
    await turns(clock);
    if (!isOver) clock.advance(stepMs);
  }
  return promise;
}

export const never = (): Promise<never> => new Promise(() => undefined);

/** `name outcome` of each step of a stop. */
export const stepsOf = ({ steps }: { readonly steps: readonly { name: string; outcome: string }[] }) =>
  steps.map(({ name, outcome }) => `${name} ${outcome}`);
