import type { Clock } from '../../core/clock.ts';
import type { Call } from '../call.ts';
import { type Failure, aborted } from '../failure.ts';
import { type Outcome, failed } from '../outcome.ts';
import type { Work } from '../policy.ts';
import { PRIORITIES, type Priority } from '../priority.ts';

export interface SingleFlightDeps {
  readonly clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
}

/**
 * One work per key at a time, for everybody who asks meanwhile. Each caller's abort and deadline end its own wait and
 * nobody else's; when nobody waits any more, the work is aborted and forgotten, and who comes after that starts anew. So
 * there is one work at a time that is waited for, and as many as heed no signal beside it: work must heed its signal.
 *
 * The work's call is its own: its signal is no caller's, its priority the most urgent and its deadline the latest of those
 * who joined, both read at any time. What it cost is added to the stats of all who waited for it.
 */
export class SingleFlight<T> {
  readonly #clock: SingleFlightDeps['clock'];
  /** The newest of each key; there until it has ended, or nobody waits for it. */
  readonly #flights = new Map<string, Flight<T>>();

  constructor(deps: SingleFlightDeps) {
    this.#clock = deps.clock;
  }

  /** Keys with work that runs, or is about to. */
  get size(): number {
    return this.#flights.size;
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /** Joins the work of the key, or starts it. */
  run(key: string, work: Work<T>, call: Call): Promise<Outcome<T>> {
    if (call.signal?.aborted === true) return Promise.resolve(failed(aborted(call.signal)));
    const leftMs = call.deadlineMs - this.#clock.monotonicMs();
    if (!(leftMs > 0)) return Promise.resolve(failed(tooLate(0)));
    const found = this.#flights.get(key);
    // Who starts the work leaves its timeout to it, as without company; who joins may have less time than that.
    if (found?.takesMore === true)
      return this.#join(found, call, Math.min(leftMs, call.timeoutMs ?? Infinity));
    const flight = new Flight<T>(call, () => {
      this.#forgetEnded(key, flight);
    });
    this.#flights.set(key, flight);
    const outcome = this.#join(flight, call, leftMs);
    void this.#fly(key, flight, work, found);
    return outcome;
  }

  /** Who asks for this key from now on gets work that starts from now on; who waits already is served as before. */
  forget(key: string): void {
    const flight = this.#flights.get(key);
    if (flight?.hasStarted === true) flight.takesMore = false;
  }

  forgetAll(): void {
    for (const key of this.#flights.keys()) this.forget(key);
  }

  async #fly(
    key: string,
    flight: Flight<T>,
    work: Work<T>,
    predecessor: Flight<T> | undefined,
  ): Promise<void> {
    if (predecessor !== undefined) await predecessor.ended;
    // All may have left while it stood in line.
    const outcome = flight.waiters.size > 0 ? await flight.start(work) : failed(aborted(undefined));
    this.#forgetEnded(key, flight);
    flight.end(outcome);
  }

  #forgetEnded(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }

  #join(flight: Flight<T>, call: Call, leftMs: number): Promise<Outcome<T>> {
    return new Promise((resolve) => {
      const { signal } = call;
      const leave = (outcome: Outcome<T>): void => {
        signal?.removeEventListener('abort', onAbort);
        timer?.[Symbol.dispose]();
        const { attempts, waitMs, workMs } = flight.call.stats;
        call.stats.attempts += attempts;
        call.stats.waitMs += waitMs;
        call.stats.workMs += workMs;
        flight.remove(leave);
        resolve(outcome);
      };
      const onAbort = (): void => {
        leave(failed(aborted(signal)));
      };
      const timer =
        leftMs === Infinity
          ? undefined
          : this.#clock.deadline(leftMs, () => {
              leave(failed(tooLate(leftMs)));
            });
      signal?.addEventListener('abort', onAbort, { once: true });
      flight.add(leave, call);
    });
  }
}

type Leave<T> = (outcome: Outcome<T>) => void;

class Flight<T> {
  readonly call: Call;
  readonly waiters = new Set<Leave<T>>();
  takesMore = true;
  hasStarted = false;
  #hasEnded = false;
  #urgency = PRIORITIES.length - 1;
  #deadlineMs = -Infinity;
  readonly #abort = new AbortController();
  readonly #onAbandoned: () => void;
  readonly #ended = Promise.withResolvers<undefined>();

  constructor({ weight, retries, timeoutMs }: Call, onAbandoned: () => void) {
    this.#onAbandoned = onAbandoned;
    const priority = (): Priority => PRIORITIES[this.#urgency] ?? 'low';
    const deadlineMs = (): number => this.#deadlineMs;
    // Members of its own, so that a policy which copies the call copies what they say.
    this.call = {
      signal: this.#abort.signal,
      get priority() {
        return priority();
      },
      weight,
      get deadlineMs() {
        return deadlineMs();
      },
      retries,
      timeoutMs,
      attempt: 1,
      stats: { attempts: 0, waitMs: 0, workMs: 0 },
    };
  }

  /** Or nobody waits for it any more. */
  get ended(): Promise<undefined> {
    return this.#ended.promise;
  }

  add(leave: Leave<T>, call: Call): void {
    this.waiters.add(leave);
    this.#urgency = Math.min(this.#urgency, PRIORITIES.indexOf(call.priority));
    this.#deadlineMs = Math.max(this.#deadlineMs, call.deadlineMs);
  }

  remove(leave: Leave<T>): void {
    this.waiters.delete(leave);
    if (this.waiters.size > 0 || this.#hasEnded || !this.hasStarted) return;
    this.#onAbandoned();
    this.#ended.resolve(undefined);
    this.#abort.abort(new Error('nobody waits for it any more'));
  }

  async start(work: Work<T>): Promise<Outcome<T>> {
    this.hasStarted = true;
    try {
      return await work(this.call);
    } catch (error) {
      return failed({ code: 'WORK_FAILED', upstream: 'failing', mayRetry: false, error });
    }
  }

  end(outcome: Outcome<T>): void {
    this.#hasEnded = true;
    for (const leave of this.waiters) leave(outcome);
    this.#ended.resolve(undefined);
  }
}

const tooLate = (timeoutMs: number): Failure => ({
  code: 'TIMED_OUT',
  upstream: 'unknown',
  mayRetry: false,
  scope: 'total',
  timeoutMs,
});
