import { ManualClock } from 'portcullis/core';
import type { ChildSpec, ChildStatus, SupervisorRulesInput } from '../../../supervisor/child-spec.ts';
import type { ChildEnd, Spawn, SpawnOrder } from '../../../supervisor/spawned.ts';
import { Supervisor, type SupervisorEvent } from '../../../supervisor/supervisor.ts';

/** A process of which the test says what it does. */
export class FakeProcess {
  readonly signals: string[] = [];
  /** Whether SIGTERM ends it. */
  heeds = true;
  readonly order: SpawnOrder;
  readonly pid: number;
  readonly #ended = Promise.withResolvers<ChildEnd>();

  constructor(order: SpawnOrder, pid: number) {
    this.order = order;
    this.pid = pid;
  }

  get ended(): Promise<ChildEnd> {
    return this.#ended.promise;
  }

  line(text: string): void {
    this.order.onLine(text, 'stdout');
  }

  ready(url = `http://127.0.0.1:${this.pid}`): void {
    this.line(JSON.stringify({ ready: true, url }));
  }

  end(code: number | null, signal: NodeJS.Signals | null = null): void {
    this.#ended.resolve({ code, signal });
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.signals.push(signal);
    if (signal === 'SIGKILL') this.end(null, 'SIGKILL');
    else if (this.heeds) this.end(0);
  }
}

export const childSpec = (name: string, given: Partial<ChildSpec> = {}): ChildSpec => ({
  ...{ name, role: name, instance: 1, args: [name], stage: 0 },
  ...given,
});

/** A supervisor over processes that do not exist, on a clock that stands still. */
export class World {
  readonly clock = new ManualClock();
  readonly events: SupervisorEvent[] = [];
  readonly lines: string[] = [];
  /** By name, the newest last. */
  readonly processes = new Map<string, FakeProcess[]>();
  /** Names of children that have the work of their role. */
  readonly active = new Set<string>();
  /** URLs that answer nothing. */
  readonly frozen = new Set<string>();
  /** Children that become ready at once. */
  isPrompt = true;
  /** Children that cannot be started. */
  readonly missing = new Set<string>();
  readonly supervisor: Supervisor;
  #pid = 0;

  constructor(specs: readonly ChildSpec[], rules: SupervisorRulesInput = {}) {
    const findActive = (children: readonly ChildStatus[]): Promise<string | undefined> =>
      Promise.resolve(children.find(({ name }) => this.active.has(name))?.name);
    this.supervisor = new Supervisor(specs, rules, {
      ...{ spawn: this.#spawn, clock: this.clock, random: () => 0, findActive },
      isAlive: (url) => Promise.resolve(!this.frozen.has(url)),
      tell: (event) => this.events.push(event),
      onLine: (child, line, from) => this.lines.push(`${child} ${from} ${line}`),
    });
  }

  /** The newest process of a child. */
  of(name: string): FakeProcess {
    const newest = this.processes.get(name)?.at(-1);
    if (newest === undefined) throw new Error(`${name} has not been started`);
    return newest;
  }

  /** Short: `started a`, `ended a`. */
  get told(): readonly string[] {
    return this.events.map((event) => ('child' in event ? `${event.event} ${event.child}` : event.event));
  }

  /** Lets everything that is ready to run go first. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await this.clock.turn();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  readonly #spawn: Spawn = (order) => {
    const [name = ''] = order.args;
    this.#pid += 1;
    const process = new FakeProcess(order, this.#pid);
    this.processes.set(name, [...(this.processes.get(name) ?? []), process]);
    if (this.missing.has(name)) {
      const ended = Promise.resolve({ code: null, signal: null, error: 'ENOENT' });
      return { pid: undefined, ended, kill: () => undefined };
    }
    if (this.isPrompt)
      queueMicrotask(() => {
        process.ready();
      });
    return process;
  };
}
