import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ManualClock, PortcullisError, person, system } from '../../src/core/index.ts';
import { FIRM, KillSwitch, type Restraint, type Scope, type Scoped, scopeKey } from '../../src/risk/index.ts';
import type { JsonValue, SetOptions, SetResult, StateEntry } from '../../src/storage/index.ts';
import { settle } from '../support/state-stores.ts';

/*
 * Random histories of one switch after the other over one disk, against a model that is a handful of numbers: the
 * severity that each scope must have, and the one that a restart may not go below.
 */

const RUNS = { numRuns: 400 };
const TIMEOUT_MS = 1_000;
const SEVERITY = { active: 0, reducing: 1, halted: 2 } as const;
const SCOPES: readonly Scope[] = [FIRM, { kind: 'account', id: 'acc' }, { kind: 'strategy', id: 'other' }];
const ORDER: Scoped = {
  clientOrderId: 'order',
  accountId: 'acc',
  strategyId: 'strat',
  instrument: { instrumentId: 'GOLD' },
};

type Mode = 'write' | 'refuse' | 'hang';
interface Pending {
  readonly land: () => SetResult;
  readonly answer: PromiseWithResolvers<SetResult>;
}

/** One value with a version, compare-and-set as the port has it, and writes that hang until they are let go. */
class Disk {
  mode: Mode = 'write';
  #entry: StateEntry | undefined;
  readonly #pending: Pending[] = [];

  constructor(entry?: StateEntry) {
    this.#entry = entry;
  }

  get(): Promise<StateEntry | undefined> {
    return Promise.resolve(this.#entry);
  }

  set(key: string, value: JsonValue | object, { ifVersion }: SetOptions = {}): Promise<SetResult> {
    const text = JSON.stringify(value);
    const land = (): SetResult => {
      const version = this.#entry?.version ?? 0;
      if (ifVersion !== undefined && ifVersion !== version) return { outcome: 'conflict', version };
      this.#entry = {
        key,
        value: JSON.parse(text) as JsonValue,
        version: version + 1,
        expiresAtMs: undefined,
      };
      return { outcome: 'written', version: version + 1 };
    };
    if (this.mode === 'refuse')
      return Promise.reject(new PortcullisError('STORE_UNAVAILABLE', 'the disk is full'));
    if (this.mode === 'write') return Promise.resolve(land());
    const answer = Promise.withResolvers<SetResult>();
    this.#pending.push({ land, answer });
    return answer.promise;
  }

  /** A write that hangs goes on: the oldest, or the newest, for a disk keeps no order. */
  letGo(newest: boolean): void {
    const pending = newest ? this.#pending.pop() : this.#pending.shift();
    pending?.answer.resolve(pending.land());
  }

  /** What the next process finds: some of the writes that hang have landed, the others never will. */
  afterCrash(landed: number): Disk {
    for (const { land } of this.#pending.slice(0, landed)) land();
    return new Disk(this.#entry);
  }

  severities(): readonly number[] {
    const value = this.#entry?.value as { records: { scope: Scope; state: 'reducing' | 'halted' }[] };
    return SCOPES.map((scope) => {
      const record = value.records.find((one) => scopeKey(one.scope) === scopeKey(scope));
      return SEVERITY[record?.state ?? 'active'];
    });
  }
}

type Step =
  | { readonly kind: 'trip' | 'restrain'; readonly at: number; readonly to: 'reducing' | 'halted' }
  | { readonly kind: 'release' | 'lift'; readonly at: number }
  | { readonly kind: 'disk'; readonly mode: Mode }
  | { readonly kind: 'let-go'; readonly newest: boolean }
  | { readonly kind: 'crash'; readonly landed: number }
  | { readonly kind: 'permit' | 'end-permit' | 'wait' | 'turn' };

const at = fc.nat({ max: SCOPES.length - 1 });
const to = fc.constantFrom<'reducing' | 'halted'>('reducing', 'halted');
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('trip'), at, to }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release'), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restrain'), at, to }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lift'), at: fc.nat({ max: 3 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('disk'),
      mode: fc.constantFrom<Mode>('write', 'refuse', 'hang'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('let-go'), newest: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash'), landed: fc.nat({ max: 3 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('permit', 'end-permit', 'wait', 'turn', 'turn') }),
  },
);
const histories = fc.array(steps, { minLength: 1, maxLength: 60, size: 'max' });

/** One process with its switch, and what must be true of it. */
class Process {
  readonly disk: Disk;
  readonly killSwitch: KillSwitch;
  readonly #clock: ManualClock;
  /** By scope: what counts, what a restart may not go below, and how often it was tripped and asked to be released. */
  readonly #counts: number[];
  readonly #durable: number[];
  /** What is durable once the disk is well: unlike a crash, that takes no release for done that failed. */
  readonly acknowledged: number[];
  readonly #trips = SCOPES.map(() => 0);
  readonly #releases = SCOPES.map(() => 0);
  readonly #restraints: { restraint: Restraint; at: number; severity: number }[] = [];
  readonly #permits: Disposable[] = [];
  readonly violations: string[] = [];

  private constructor(disk: Disk, killSwitch: KillSwitch, clock: ManualClock) {
    this.disk = disk;
    this.killSwitch = killSwitch;
    this.#clock = clock;
    this.#counts = [...this.tripped()];
    this.#durable = [...this.#counts];
    this.acknowledged = [...this.#counts];
  }

  static async start(disk: Disk, isNew: boolean): Promise<Process> {
    const clock = new ManualClock();
    const options = { writeTimeoutMs: TIMEOUT_MS };
    return new Process(disk, await KillSwitch.open({ store: disk, clock }, isNew, options), clock);
  }

  tripped(): readonly number[] {
    const states = new Map(this.killSwitch.records().map(({ scope, state }) => [scopeKey(scope), state]));
    return SCOPES.map((scope) => SEVERITY[states.get(scopeKey(scope)) ?? 'active']);
  }

  async step(step: Exclude<Step, { kind: 'crash' }>): Promise<void> {
    switch (step.kind) {
      case 'trip':
        this.#trip(step.at, step.to);
        break;
      case 'release':
        this.#release(step.at);
        break;
      case 'restrain': {
        const order = { scope: scopeAt(step.at), to: step.to, reason: 'x', by: system('x') };
        const restraint = this.killSwitch.restrain(order);
        this.#restraints.push({ restraint, at: step.at, severity: SEVERITY[step.to] });
        break;
      }
      case 'lift':
        for (const { restraint } of this.#restraints.splice(step.at, 1)) restraint[Symbol.dispose]();
        break;
      case 'permit':
        this.#permits.push(this.killSwitch.permitExit('order', { by: person('ann'), reason: 'x' }));
        break;
      case 'end-permit':
        this.#permits.pop()?.[Symbol.dispose]();
        break;
      case 'disk':
        this.disk.mode = step.mode;
        break;
      case 'let-go':
        this.disk.letGo(step.newest);
        break;
      case 'wait':
        await settle();
        this.#clock.advance(TIMEOUT_MS);
        break;
      case 'turn':
        break;
    }
    this.#look(`in the moment of ${step.kind}`, step.kind === 'trip' || step.kind === 'restrain');
    await settle();
    this.#look(`after ${step.kind}`, true);
  }

  /** The next process over what is on disk. */
  async crash(landed: number): Promise<Process> {
    const next = await Process.start(this.disk.afterCrash(landed), false);
    const found = next.tripped();
    if (found.some((severity, i) => severity < (this.#durable[i] ?? 0)))
      this.violations.push(`a restart found ${found.join()}, durable was ${this.#durable.join()}`);
    next.violations.push(...this.violations);
    return next;
  }

  #trip(i: number, state: 'reducing' | 'halted'): void {
    this.#counts[i] = Math.max(this.#counts[i] ?? 0, SEVERITY[state]);
    this.#trips[i] = (this.#trips[i] ?? 0) + 1;
    const releasesBefore = this.#releases[i];
    const order = { scope: scopeAt(i), to: state, reason: 'x', by: system('x') };
    void this.killSwitch.trip(order).then(({ durable, record }) => {
      if (durable) this.acknowledged[i] = Math.max(this.acknowledged[i] ?? 0, SEVERITY[record.state]);
      // A release that was asked for since may have taken it from the disk again.
      if (durable && this.#releases[i] === releasesBefore)
        this.#durable[i] = Math.max(this.#durable[i] ?? 0, SEVERITY[record.state]);
    });
  }

  #release(i: number): void {
    const scope = scopeAt(i);
    this.#releases[i] = (this.#releases[i] ?? 0) + 1;
    this.#durable[i] = 0; // somebody asked for it: a crash in the middle may find it done
    const tripsBefore = this.#trips[i];
    this.killSwitch.release({ scope, confirm: scopeKey(scope), reason: 'x', by: person('ann') }).then(
      () => {
        if (this.disk.severities()[i] !== 0) this.violations.push('released before it was on disk');
        if (this.#trips[i] !== tripsBefore) this.violations.push('released what was tripped again');
        this.#counts[i] = 0;
        this.acknowledged[i] = 0;
      },
      () => undefined,
    );
  }

  /** @param exactly whether what was released must count as released already */
  #look(when: string, exactly: boolean): void {
    const isIn = (i: number): boolean => i < 2; // the order is in the firm and the account
    const restraints = this.#restraints.map(({ at: i, severity }) => [i, severity] as const);
    const all = [...this.#counts.map((severity, i) => [i, severity] as const), ...restraints];
    const anywhere = Math.max(0, ...all.map(([, severity]) => severity));
    const concerned = Math.max(0, ...all.filter(([i]) => isIn(i)).map(([, severity]) => severity));
    const model = [anywhere, this.#permits.length > 0 ? Math.min(concerned, 1) : concerned];
    const states = [this.killSwitch.tradingState(), this.killSwitch.tradingState(ORDER)];
    const is = states.map((state) => SEVERITY[state]);
    const loose = is.some((severity, i) => severity < (model[i] ?? 0));
    const strict = exactly && is.some((severity, i) => severity > (model[i] ?? 0));
    if (loose || strict) this.violations.push(`${when}: is ${is.join()}, model says ${model.join()}`);
  }
}

const scopeAt = (i: number): Scope => SCOPES[i] ?? FIRM;

async function run(history: readonly Step[]): Promise<Process> {
  let process = await Process.start(new Disk(), true);
  for (const step of history) {
    if (step.kind === 'crash') process = await process.crash(step.landed);
    else await process.step(step);
  }
  return process;
}

/** The disk recovers: what hangs goes on, and nothing is waited for any more. */
async function recover(process: Process): Promise<void> {
  await process.step({ kind: 'disk', mode: 'write' });
  for (let i = 0; i < 60; i += 1) process.disk.letGo(i % 2 === 0);
  for (let i = 0; i < 3; i += 1) await process.step({ kind: 'wait' });
}

describe('any history of trips, releases, restraints, permits, crashes and a disk that refuses or hangs', () => {
  test.prop([histories], RUNS)('is never looser, nor stricter, than the model says', async (history) => {
    expect((await run(history)).violations).toEqual([]);
  });

  test.prop([histories], RUNS)('what counts is never looser than what is on disk', async (history) => {
    let process = await Process.start(new Disk(), true);
    for (const step of history) {
      if (step.kind === 'crash') process = await process.crash(step.landed);
      else await process.step(step);
      const onDisk = process.disk.severities();
      expect(process.tripped().every((severity, i) => severity >= (onDisk[i] ?? 0))).toBe(true);
    }
  });

  test.prop([histories], RUNS)(
    'once the disk is well, a release that failed is on no disk',
    async (history) => {
      const process = await run(history);
      await recover(process);
      const next = await process.crash(0);
      const found = next.tripped();
      const lost = process.acknowledged.filter((severity, i) => (found[i] ?? 0) < severity);
      expect([next.violations, lost]).toEqual([[], []]);
    },
  );

  test.prop([histories], RUNS)(
    'once the disk is well and a trip is written, the next start finds what counts',
    async (history) => {
      const process = await run(history);
      await recover(process);
      await process.step({ kind: 'trip', at: 2, to: 'halted' });
      const next = await process.crash(0);
      expect([next.violations, next.tripped()]).toEqual([[], process.tripped()]);
    },
  );
});
