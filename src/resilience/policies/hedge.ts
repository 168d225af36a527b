import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import type { BoundCounter, MetricsRegistry } from '../../telemetry/index.ts';
import { isAborted } from '../call-within.ts';
import type { Call } from '../call.ts';
import { type Failure, type FailureCode, aborted } from '../failure.ts';
import { type LinkedAbort, linkedAbort } from '../linked-abort.ts';
import { type Outcome, failed } from '../outcome.ts';
import { Policy, type Work } from '../policy.ts';
import { ResilienceError } from '../resilience-error.ts';
import { withEarlier } from '../still-running.ts';
import { RetryBudget, retryBudgetSchema } from './retry-budget.ts';
import { Running } from './running.ts';

const HEDGES = {
  name: 'trading_hedges_total',
  help: 'Hedged attempts that were started, by target and whether theirs was the answer.',
  labels: { target: 'any', won: ['yes', 'no'] },
} as const;

const schema = z.strictObject({
  /** How long an attempt may be without an answer before the next one starts beside it, milliseconds. */
  delayMs: z.number().min(0),
  /** Attempts beyond the first, at most. */
  maxHedges: z.int().min(1).max(10).default(1),
  /** Bounds all hedges of this policy together; fewer go without earning than those of a retry: 1 per second. */
  budget: retryBudgetSchema.extend({ minPerSecond: z.number().min(0).default(1) }).prefault({}),
  /** The `target` in metrics. */
  name: z.string().min(1).default('hedge'),
});

/** @interface */
export type HedgeOptions = z.input<typeof schema>;

export interface HedgeDeps {
  readonly clock: Clock;
  /** Asked before each further attempt, such as for a token of a rate limiter; a failure means that there is none. It heeds `call.signal`. */
  readonly before?: ((call: Call) => Promise<Failure | undefined>) | undefined;
  readonly metrics?: MetricsRegistry | undefined;
}

/** Nobody was asked: that says nothing of what another attempt will come to. */
const REFUSED_HERE: ReadonlySet<FailureCode> = new Set(['CIRCUIT_OPEN', 'BULKHEAD_FULL', 'RATE_LIMITED']);

/**
 * Starts a second attempt beside one that is slow, never because one has failed: that is for retries. The first success wins,
 * and so does the first failure that no other attempt may help (`mayRetry` false); the others are aborted. When all attempts
 * have failed, the last failure of those that were not refused on this side comes back. There is no hedge when the budget is
 * spent. Only for work that may run twice.
 */
export class Hedge extends Policy {
  readonly #rules: Rules;
  readonly #won: BoundCounter | undefined;
  readonly #lost: BoundCounter | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: HedgeOptions, { clock, before, metrics }: HedgeDeps) {
    super();
    const { delayMs, maxHedges, budget, name } = parseOptions('Hedge', schema, options);
    this.#rules = { delayMs, maxHedges, clock, before, budget: new RetryBudget(budget, { clock }) };
    const hedges = metrics?.counter(HEDGES);
    this.#won = hedges?.bind({ target: name, won: 'yes' });
    this.#lost = hedges?.bind({ target: name, won: 'no' });
  }

  run<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    if (isAborted(call)) return Promise.resolve(failed(aborted(call.signal)));
    this.#rules.budget.deposit();
    return new Promise((resolve) => {
      const race = new Race(work, call, this.#rules, (outcome, hedges, hedgeWon) => {
        if (hedgeWon) this.#won?.inc();
        this.#lost?.inc(hedgeWon ? hedges - 1 : hedges);
        resolve(outcome);
      });
      race.start();
    });
  }
}

interface Rules {
  readonly delayMs: number;
  readonly maxHedges: number;
  readonly clock: Clock;
  readonly before: HedgeDeps['before'];
  readonly budget: RetryBudget;
}

const faster = (): ResilienceError =>
  new ResilienceError({ ...aborted(undefined), reason: 'another attempt of the call was faster' });

type OnOver<T> = (outcome: Outcome<T>, hedges: number, hedgeWon: boolean) => void;

/** One attempt; it takes part when it has been made, and not while it waits to be let go. */
interface Runner {
  readonly controller: AbortController;
  readonly isHedge: boolean;
  takesPart: boolean;
}

/** The attempts of one call, side by side. */
class Race<T> {
  readonly #work: Work<T>;
  readonly #call: Call;
  readonly #rules: Rules;
  readonly #onOver: OnOver<T>;
  readonly #caller: LinkedAbort;
  readonly #running = new Map<Running<T>, Runner>();
  #started = 0;
  #hedges = 0;
  #timer: Disposable | undefined;
  /** The last one of an attempt that was made, or of any. */
  #failure: Failure | undefined;
  /** A failure has decided; what the others come to does not count any more. */
  #isEnding = false;
  #stillRunning: Promise<void> | undefined;

  constructor(work: Work<T>, call: Call, rules: Rules, onOver: OnOver<T>) {
    this.#work = work;
    this.#call = call;
    this.#rules = rules;
    this.#onOver = onOver;
    this.#caller = linkedAbort(call.signal, () => {
      this.#giveUp(call.signal?.reason);
    });
  }

  /** Starts an attempt, and the wait for the next. */
  start(): void {
    const number = this.#started++;
    const isHedge = number > 0;
    const runner: Runner = { controller: new AbortController(), isHedge, takesPart: !isHedge };
    const running = new Running<T>((outcome) => {
      if (!this.#running.delete(running)) return; // the race is over
      if (outcome.ok) this.#finish(outcome, isHedge);
      else if (runner.takesPart) this.#fail(outcome.failure);
    });
    this.#running.set(running, runner);
    if (this.#started <= this.#rules.maxHedges) this.#arm();
    const call = { ...this.#call, signal: runner.controller.signal, attempt: this.#call.attempt + number };
    void running.start(isHedge ? this.#hedgeOf(runner) : this.#work, call);
  }

  #arm(): void {
    const { clock, delayMs, budget } = this.#rules;
    this.#timer = clock.deadline(delayMs, () => {
      if (budget.withdraw()) this.start();
    });
  }

  #hedgeOf(runner: Runner): Work<T> {
    const { before } = this.#rules;
    const made: Work<T> = (call) => {
      runner.takesPart = true;
      this.#hedges += 1;
      return this.#work(call);
    };
    if (before === undefined) return made;
    return async (call) => {
      const refused = await before(call);
      // What let it go may be the end of the very attempt that was slow, whose answer is on its way.
      await this.#rules.clock.turn();
      if (isAborted(call)) return failed(aborted(call.signal));
      return refused === undefined ? made(call) : failed(refused);
    };
  }

  #fail(one: Failure): void {
    this.#stillRunning = withEarlier(one, this.#stillRunning).stillRunning;
    if (this.#isEnding) return;
    const isRefused = REFUSED_HERE.has(one.code);
    if (!isRefused || this.#failure === undefined) this.#failure = one;
    const isFinal = !one.mayRetry && !isRefused && !isAborted(this.#call);
    if (isFinal) {
      this.#isEnding = true;
      this.#giveUp(faster());
    }
    if (!isFinal && [...this.#running.values()].some(({ takesPart }) => takesPart)) return;
    this.#finish(
      failed(withEarlier({ ...this.#failure, stillRunning: undefined }, this.#stillRunning)),
      false,
    );
  }

  #giveUp(reason: unknown): void {
    for (const [running, { controller }] of this.#running) {
      running.giveUp(aborted(this.#call.signal));
      controller.abort(reason);
    }
  }

  #finish(outcome: Outcome<T>, hedgeWon: boolean): void {
    const losers = [...this.#running.values()];
    this.#running.clear();
    this.#timer?.[Symbol.dispose]();
    this.#caller.dispose();
    this.#onOver(outcome, this.#hedges, hedgeWon);
    if (losers.length === 0) return;
    const reason = faster();
    for (const { controller } of losers) controller.abort(reason);
  }
}
