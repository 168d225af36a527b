import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import type { BoundCounter, MetricsRegistry } from '../../telemetry/index.ts';
import type { Call } from '../call.ts';
import { type Failure, aborted } from '../failure.ts';
import { type LinkedAbort, linkedAbort } from '../linked-abort.ts';
import { type Outcome, failed } from '../outcome.ts';
import { Policy, type Work } from '../policy.ts';
import { ResilienceError } from '../resilience-error.ts';
import { withEarlier } from '../still-running.ts';
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
  /** The `target` in metrics. */
  name: z.string().min(1).default('hedge'),
});

/** @interface */
export type HedgeOptions = z.input<typeof schema>;

export interface HedgeDeps {
  readonly clock: Clock;
  /** Asked before each further attempt, such as for a token of a rate limiter; a failure is its outcome. It heeds `call.signal`. */
  readonly before?: ((call: Call) => Promise<Failure | undefined>) | undefined;
  readonly metrics?: MetricsRegistry | undefined;
}

/**
 * Starts a second attempt beside one that is slow. The first success wins, and the others are aborted. A failure that says
 * another attempt may help starts the next at once; when all have failed, the last failure comes back. Only for work that
 * may run twice.
 */
export class Hedge extends Policy {
  readonly #delayMs: number;
  readonly #maxHedges: number;
  readonly #clock: Clock;
  readonly #before: HedgeDeps['before'];
  readonly #won: BoundCounter | undefined;
  readonly #lost: BoundCounter | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: HedgeOptions, { clock, before, metrics }: HedgeDeps) {
    super();
    const { delayMs, maxHedges, name } = parseOptions('Hedge', schema, options);
    this.#delayMs = delayMs;
    this.#maxHedges = maxHedges;
    this.#clock = clock;
    this.#before = before;
    const hedges = metrics?.counter(HEDGES);
    this.#won = hedges?.bind({ target: name, won: 'yes' });
    this.#lost = hedges?.bind({ target: name, won: 'no' });
  }

  run<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    if (call.signal?.aborted === true) return Promise.resolve(failed(aborted(call.signal)));
    return new Promise((resolve) => {
      const race = new Race(work, call, {
        maxHedges: this.#maxHedges,
        again: this.#again(work),
        arm: (onLate) => this.#clock.deadline(this.#delayMs, onLate),
        onOver: (outcome, hedges, hedgeWon) => {
          if (hedgeWon) this.#won?.inc();
          this.#lost?.inc(hedgeWon ? hedges - 1 : hedges);
          resolve(outcome);
        },
      });
      race.start();
    });
  }

  /** The work of attempts beyond the first. */
  #again<T>(work: Work<T>): Work<T> {
    const before = this.#before;
    if (before === undefined) return work;
    return async (call) => {
      const refused = await before(call);
      return refused === undefined ? work(call) : failed(refused);
    };
  }
}

interface Rules<T> {
  readonly maxHedges: number;
  readonly again: Work<T>;
  readonly arm: (onLate: () => void) => Disposable;
  readonly onOver: (outcome: Outcome<T>, hedges: number, hedgeWon: boolean) => void;
}

/** The attempts of one call, side by side. */
class Race<T> {
  readonly #work: Work<T>;
  readonly #call: Call;
  readonly #rules: Rules<T>;
  readonly #caller: LinkedAbort;
  readonly #running = new Map<Running<T>, AbortController>();
  #started = 0;
  #mayStart = true;
  #timer: Disposable | undefined;
  #stillRunning: Promise<void> | undefined;

  constructor(work: Work<T>, call: Call, rules: Rules<T>) {
    this.#work = work;
    this.#call = call;
    this.#rules = rules;
    this.#caller = linkedAbort(call.signal, () => {
      this.#giveUp();
    });
  }

  /** Starts an attempt, and the wait for the next. */
  start(): void {
    const hedge = this.#started++;
    const controller = new AbortController();
    const running = new Running<T>((outcome) => {
      if (!this.#running.delete(running)) return; // the race is over
      if (outcome.ok) this.#finish(outcome, hedge > 0);
      else this.#fail(outcome.failure);
    });
    this.#running.set(running, controller);
    this.#mayStart = this.#started <= this.#rules.maxHedges;
    if (this.#mayStart)
      this.#timer = this.#rules.arm(() => {
        this.start();
      });
    const { attempt } = this.#call;
    const work = hedge === 0 ? this.#work : this.#rules.again;
    void running.start(work, { ...this.#call, signal: controller.signal, attempt: attempt + hedge });
  }

  #fail(one: Failure): void {
    const failure = withEarlier(one, this.#stillRunning);
    this.#stillRunning = failure.stillRunning;
    if (this.#mayStart) this.#timer?.[Symbol.dispose]();
    if (this.#mayStart && failure.mayRetry) {
      this.start();
      return;
    }
    this.#mayStart = false;
    if (this.#running.size === 0) this.#finish(failed(failure), false);
  }

  #giveUp(): void {
    const { signal } = this.#call;
    for (const [running, controller] of this.#running) {
      running.giveUp(aborted(signal));
      controller.abort(signal?.reason);
    }
  }

  #finish(outcome: Outcome<T>, hedgeWon: boolean): void {
    const losers = [...this.#running.values()];
    this.#running.clear();
    this.#timer?.[Symbol.dispose]();
    this.#caller.dispose();
    this.#rules.onOver(outcome, this.#started - 1, hedgeWon);
    if (losers.length === 0) return;
    const reason = new ResilienceError({
      ...aborted(undefined),
      reason: 'another attempt of the call was faster',
    });
    for (const loser of losers) loser.abort(reason);
  }
}
