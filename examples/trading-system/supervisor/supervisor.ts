import { type Clock, PortcullisError, parseOptions } from 'portcullis/core';
import {
  type ChildEvent,
  type ChildSpec,
  type ChildStatus,
  type SupervisorRulesInput,
  rulesSchema,
} from './child-spec.ts';
import type { Spawn } from './spawned.ts';
import { SupervisedChild } from './supervised-child.ts';

/** What becomes of all of them: one line each. */
export type SupervisorEvent =
  | ChildEvent
  | { readonly event: 'all-ready'; readonly tookMs: number }
  | { readonly event: 'restart-begun'; readonly children: readonly string[]; readonly reason: string }
  | {
      readonly event: 'restart-ended';
      /** `failed`: one did not become ready; those behind it were left as they are. */
      readonly outcome: 'done' | 'failed' | 'stopped';
      readonly restarted: readonly string[];
      readonly tookMs: number;
    }
  | { readonly event: 'stop-begun'; readonly reason: string }
  | { readonly event: 'all-stopped'; readonly tookMs: number };

export interface SupervisorDeps {
  readonly spawn: Spawn;
  readonly clock: Clock;
  /** Whether a process answers under its URL. */
  readonly isAlive: (url: string, timeoutMs: number) => Promise<boolean>;
  readonly tell: (event: SupervisorEvent) => void;
  readonly onLine: (child: string, line: string, from: 'stdout' | 'stderr') => void;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Of children of one role, the one that has the work: it is restarted and stopped behind the others. */
  readonly findActive: (children: readonly ChildStatus[]) => Promise<string | undefined>;
}

/** `stopping` and `stopped` are for good. */
type Phase = 'idle' | 'starting' | 'running' | 'stopping' | 'stopped';

/** Keeps children running: starts them by stages, starts them again when they end, restarts them one by one, stops them in order. */
export class Supervisor {
  readonly #children: readonly SupervisedChild[];
  readonly #deps: SupervisorDeps;
  #phase: Phase = 'idle';
  #hasGivenUp = false;
  #restarting: Promise<boolean> | undefined;
  #stopped: Promise<void> | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID`, also for two of one name */
  constructor(specs: readonly ChildSpec[], rules: SupervisorRulesInput, deps: SupervisorDeps) {
    const parsed = parseOptions('Supervisor', rulesSchema, rules);
    const names = specs.map(({ name }) => name);
    if (new Set(names).size < names.length)
      throw new PortcullisError('OPTION_INVALID', 'Supervisor: expected each name once');
    this.#deps = deps;
    const tell = (event: ChildEvent): void => {
      if (event.event === 'given-up') this.#hasGivenUp = true;
      deps.tell(event);
    };
    this.#children = specs.map((spec) => new SupervisedChild(spec, parsed, { ...deps, tell }));
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Whether a child was ever given up: then the whole did not end well, whatever came later. */
  get hasGivenUp(): boolean {
    return this.#hasGivenUp;
  }

  get isRestarting(): boolean {
    return this.#restarting !== undefined;
  }

  status(): readonly ChildStatus[] {
    return this.#children.map(({ status }) => status);
  }

  /** Starts all, a stage when that before it is ready. `false` when one was given up on the way, or it was stopped. */
  async start(): Promise<boolean> {
    const { clock, tell } = this.#deps;
    const startMs = clock.monotonicMs();
    this.#phase = 'starting';
    for (const stage of this.#stages()) {
      if (this.#stopped !== undefined) return false;
      for (const child of stage) child.start();
      const areReady = await Promise.all(stage.map((child) => child.ready()));
      if (areReady.includes(false)) return false;
    }
    this.#phase = 'running';
    tell({ event: 'all-ready', tookMs: Math.round(clock.monotonicMs() - startMs) });
    return true;
  }

  /**
   * Restarts children one by one, the next when the one before is ready; the one of a role that has the work comes behind the
   * others of it, so that it hands over once. Ends at the first that does not become ready. Those given up get another chance.
   *
   * @param names Default: all but those that are fixed
   * @returns whether all were restarted
   * @throws {PortcullisError} `INPUT_INVALID` for a name that is not there; `SERVICE_STOPPED` unless all is running and no
   *   other restart under way
   */
  restart(reason: string, names?: readonly string[]): Promise<boolean> {
    const unknown = names?.find((name) => !this.#children.some(({ spec }) => spec.name === name));
    if (unknown !== undefined)
      return Promise.reject(new PortcullisError('INPUT_INVALID', `restart: there is no child ${unknown}`));
    if (this.#phase !== 'running' || this.#restarting !== undefined) {
      const why = this.#restarting === undefined ? `it is ${this.#phase}` : 'a restart is under way';
      return Promise.reject(new PortcullisError('SERVICE_STOPPED', `restart: ${why}`));
    }
    this.#restarting = this.#restart(reason, names).finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  /** Stops all, the last stage first. A second call waits for the first. */
  stop(reason: string): Promise<void> {
    this.#stopped ??= this.#stop(reason);
    return this.#stopped;
  }

  async #restart(reason: string, names: readonly string[] | undefined): Promise<boolean> {
    const { clock, tell } = this.#deps;
    const startMs = clock.monotonicMs();
    const wanted = this.#children.filter(({ spec }) =>
      names === undefined ? spec.isFixed !== true : names.includes(spec.name),
    );
    tell({ event: 'restart-begun', children: wanted.map(({ spec }) => spec.name), reason });
    const restarted: string[] = [];
    const end = (outcome: 'done' | 'failed' | 'stopped'): boolean => {
      tell({ event: 'restart-ended', outcome, restarted, tookMs: Math.round(clock.monotonicMs() - startMs) });
      return outcome === 'done';
    };
    for (const role of rolesOf(wanted)) {
      for (const child of await this.#activeLast(role)) {
        const isReady = this.#hasStopped() ? false : await this.#startAgain(child);
        if (!isReady) return end(this.#hasStopped() ? 'stopped' : 'failed');
        restarted.push(child.spec.name);
      }
    }
    return end('done');
  }

  async #startAgain(child: SupervisedChild): Promise<boolean> {
    await child.stop();
    if (this.#hasStopped()) return false;
    child.start();
    return child.ready();
  }

  #hasStopped(): boolean {
    return this.#stopped !== undefined;
  }

  async #stop(reason: string): Promise<void> {
    const { clock, tell } = this.#deps;
    const startMs = clock.monotonicMs();
    this.#phase = 'stopping';
    tell({ event: 'stop-begun', reason });
    for (const stage of this.#stages().reverse()) {
      await Promise.all(rolesOf(stage).map((role) => this.#stopRole(role)));
    }
    this.#phase = 'stopped';
    tell({ event: 'all-stopped', tookMs: Math.round(clock.monotonicMs() - startMs) });
  }

  /** The one that has the work ends when nobody is left who would take it over. */
  async #stopRole(role: readonly SupervisedChild[]): Promise<void> {
    const ordered = await this.#activeLast(role);
    await Promise.all(ordered.slice(0, -1).map((child) => child.stop()));
    await ordered.at(-1)?.stop();
  }

  async #activeLast(role: readonly SupervisedChild[]): Promise<readonly SupervisedChild[]> {
    if (role.length < 2) return role;
    const active = await this.#deps.findActive(role.map(({ status }) => status)).catch(() => undefined);
    return role.toSorted((a, b) => Number(a.spec.name === active) - Number(b.spec.name === active));
  }

  #stages(): SupervisedChild[][] {
    const byStage = Map.groupBy(this.#children, ({ spec }) => spec.stage);
    return [...byStage.entries()].sort(([a], [b]) => a - b).map(([, children]) => children);
  }
}

/** Children of one role stand together, roles in the order in which they come. */
const rolesOf = (children: readonly SupervisedChild[]): SupervisedChild[][] => [
  ...Map.groupBy(children, ({ spec }) => spec.role).values(),
];
