import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Clock, onDispose } from '../../src/core/clock.ts';
import { ManualClock } from '../../src/core/index.ts';
import {
  Lease,
  type LeaseHold,
  MemoryStateSignals,
  type SetOptions,
  type StateSignals,
} from '../../src/storage/index.ts';
import { ScriptedStore, type StoreMode } from '../storage/support/scripted-state-store.ts';

/*
 * Several processes want one lease. Each has a clock of its own, some a tenth faster than others, which is what the margin is
 * for. Processes stop and go on, die and come back, let go and want it again; the store hangs, refuses, answers late or never,
 * and forgets everything. Whatever happens: one holds it at a time, tokens grow, and in the end somebody gets it in time.
 */

const RUNS = { numRuns: 150 };
const [TTL_MS, MARGIN_MS, POLL_MS, RENEW_MS] = [1_000, 100, 100, 300];
const STEP_MS = 10;
const RATES = [1, 1.04, 1.1] as const;

const settled = new ManualClock();

/** The true time. */
class World {
  nowMs = 0;
  readonly store = new ScriptedStore();
  readonly signals: StateSignals = new MemoryStateSignals();
  readonly tokens: number[] = [];
  readonly processes = RATES.map((rate) => new Process(this, rate));

  /** Two that hold it at once are found here; each look ends what has run out, so it is not had at every step. */
  look(): void {
    const holders = this.processes.filter(({ isHolding }) => isHolding);
    expect(holders.length).toBeLessThanOrEqual(1);
  }

  get holder(): Process | undefined {
    return this.processes.find(({ isHolding }) => isHolding);
  }

  async pass(ms: number, isWatched: boolean): Promise<void> {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs;) {
      this.nowMs += STEP_MS;
      for (const process of this.processes) process.run();
      for (let turns = 0; turns < 3; turns += 1) await settled.turn();
      if (isWatched) this.look();
    }
  }
}

interface Timer {
  readonly dueMs: number;
  readonly fn: () => void;
}

/** One that wants the lease, again and again. */
class Process implements Pick<Clock, 'monotonicMs' | 'deadline'> {
  readonly #world: World;
  readonly #rate: number;
  #isStopped = false;
  /** Counts its lives: what an earlier one has begun does not go on. */
  #life = 0;
  #timers = new Set<Timer>();
  #goOn: (() => void)[] = [];
  #hold: LeaseHold | undefined;

  constructor(world: World, rate: number) {
    this.#world = world;
    this.#rate = rate;
  }

  monotonicMs(): number {
    return this.#world.nowMs * this.#rate;
  }

  deadline(ms: number, fn: () => void): Disposable {
    const timer = { dueMs: this.monotonicMs() + ms, fn };
    this.#timers.add(timer);
    return onDispose(() => this.#timers.delete(timer));
  }

  /** Also of one that is stopped: what it would be told if it asked now. */
  get isHolding(): boolean {
    return this.#hold?.isHeld() === true;
  }

  start(): void {
    this.die();
    this.#isStopped = false;
    this.#want(this.#life);
  }

  die(): void {
    this.#life += 1;
    this.#timers = new Set();
    this.#goOn = [];
    this.#hold = undefined;
  }

  stop(): void {
    this.#isStopped = true;
  }

  resume(): void {
    this.#isStopped = false;
    for (const go of this.#goOn.splice(0)) go();
  }

  async letGo(): Promise<void> {
    const hold = this.#hold;
    if (hold === undefined || this.#isStopped) return;
    this.#hold = undefined;
    void hold.release();
    this.#want(this.#life);
    await settled.turn();
  }

  /** What is due, at the time that it is now: one that was stopped does not see the time that it has missed. */
  run(): void {
    if (this.#isStopped) return;
    for (const timer of [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)) {
      if (!(timer.dueMs <= this.monotonicMs()) || !this.#timers.delete(timer)) continue;
      timer.fn();
    }
  }

  #want(life: number): void {
    const { store, signals, tokens } = this.#world;
    const options = { ttlMs: TTL_MS, marginMs: MARGIN_MS, pollEveryMs: POLL_MS, renewEveryMs: RENEW_MS };
    const heard = <T>(answer: Promise<T>): Promise<T> => this.#heard(answer, life);
    const mine = {
      get: () => heard(store.get()),
      set: (key: string, value: object, how?: SetOptions) => heard(store.set(key, value, how)),
    };
    const lease = new Lease(
      { name: 'desk', owner: 'one', ...options },
      { store: mine, signals, clock: this },
    );
    void lease.acquire().then((hold) => {
      if (life !== this.#life) return;
      tokens.push(hold.token);
      this.#hold = hold;
      this.#world.look();
      hold.onLost(() => {
        if (life === this.#life) this.#want(life);
      });
    });
  }

  /** An answer is heard when the process runs. */
  async #heard<T>(answer: Promise<T>, life: number): Promise<T> {
    const result = await answer.then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    while (this.#isStopped) await new Promise<void>((resolve) => this.#goOn.push(resolve));
    if (life !== this.#life) return new Promise<T>(() => undefined);
    return result();
  }
}

type Act =
  | { readonly kind: 'stop' | 'resume' | 'restart' | 'let-go'; readonly who: number }
  | { readonly kind: 'mode'; readonly mode: StoreMode }
  | { readonly kind: 'calls'; readonly modes: readonly StoreMode[] }
  | { readonly kind: 'answer' | 'forget' | 'nothing' };

const who = fc.nat({ max: RATES.length - 1 });
const mode = fc.constantFrom<StoreMode>('do', 'answer-late', 'do-late', 'refuse', 'lose-answer', 'hang');
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('stop', 'resume', 'restart', 'let-go'), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('mode'), mode }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('calls'), modes: fc.array(mode, { maxLength: 6 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('answer', 'forget', 'nothing') }) },
);
const history = fc.array(fc.record({ act, ms: fc.integer({ min: 0, max: 1_500 }) }), { maxLength: 14 });

async function play(world: World, one: Act): Promise<void> {
  const { processes, store } = world;
  const process = 'who' in one ? processes[one.who] : undefined;
  if (one.kind === 'stop') process?.stop();
  else if (one.kind === 'resume') process?.resume();
  else if (one.kind === 'restart') process?.start();
  else if (one.kind === 'let-go') await process?.letGo();
  else if (one.kind === 'mode') store.mode = one.mode;
  else if (one.kind === 'calls') store.next.push(...one.modes);
  else if (one.kind === 'answer') store.answer();
  else if (one.kind === 'forget') store.forget();
}

/** As long as a round of looks and calls may take besides. */
const SLACK_MS = 2 * STEP_MS;

describe('a lease that several want', () => {
  test.prop([history, fc.boolean()], RUNS)(
    'is held by one at a time, tokens grow, and somebody gets it in time',
    async (acts, isWatched) => {
      const world = new World();
      for (const process of world.processes) process.start();
      await world.pass(TTL_MS + POLL_MS, isWatched);
      for (const { act: one, ms } of acts) {
        await play(world, one);
        await world.pass(ms, isWatched);
      }
      world.look();
      // All is well again.
      world.store.mode = 'do';
      world.store.next.length = 0;
      world.store.answer();
      for (const process of world.processes) process.resume();
      await world.pass(2 * (TTL_MS + POLL_MS) + RENEW_MS, isWatched);
      const { holder } = world;
      expect(holder).toBeDefined();
      holder?.die();
      await world.pass(TTL_MS + MARGIN_MS + POLL_MS + SLACK_MS, isWatched);
      expect(world.holder).toBeDefined();
      expect(world.tokens).toEqual([...new Set(world.tokens)].sort((a, b) => a - b));
    },
  );
});
