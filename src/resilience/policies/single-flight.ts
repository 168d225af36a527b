import type { Clock } from '../../core/clock.ts';
import type { Call } from '../call.ts';
import { type Failure, aborted } from '../failure.ts';
import { type Outcome, failed } from '../outcome.ts';
import type { Work } from '../policy.ts';
import { Flight } from './flight.ts';

export interface SingleFlightDeps {
  readonly clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
}

/**
 * One work per key at a time, for everybody who asks meanwhile. Each caller's abort and deadline end its own wait and
 * nobody else's; when nobody waits any more, the work is aborted and forgotten, and who comes after that starts anew. So
 * there is one work at a time that is waited for, and as many as heed no signal beside it: work must heed its signal.
 *
 * The work's call is its own: its signal is no caller's, its priority the most urgent and its deadline the latest of those
 * who joined, both read at any time. What it cost is added to the stats of all who waited for it. It has the `retries` and
 * the `timeoutMs` of who started it; a joiner's own `timeoutMs` ends its own wait. Who allows more of them than the work
 * had, or a later deadline, does not take a failure that more might have helped against: it starts again, once.
 *
 * What waits in a line does not move up when its priority rises. So a call that is more urgent than work which has made no
 * attempt yet starts its own beside it.
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
    if (found?.takes(call) !== true)
      return this.#start(key, work, call, { limitMs: leftMs, endMs: call.deadlineMs });
    const limitMs = Math.min(leftMs, call.timeoutMs ?? Infinity);
    const wait: Wait = { limitMs, endMs: this.#clock.monotonicMs() + limitMs };
    return this.#join(found, call, wait, (outcome) =>
      outcome.ok || !found.isOutdoneBy(call, outcome.failure)
        ? outcome
        : this.#again(key, work, call, wait, outcome),
    );
  }

  /** Who asks for this key from now on gets work that starts from now on; who waits already is served as before. */
  forget(key: string): void {
    const flight = this.#flights.get(key);
    if (flight?.hasStarted === true) flight.takesMore = false;
  }

  forgetAll(): void {
    for (const key of this.#flights.keys()) this.forget(key);
  }

  #again(
    key: string,
    work: Work<T>,
    call: Call,
    wait: Wait,
    outcome: Outcome<T>,
  ): Promise<Outcome<T>> | Outcome<T> {
    if (!(wait.endMs > this.#clock.monotonicMs())) return outcome;
    const found = this.#flights.get(key);
    return found?.takes(call) === true ? this.#join(found, call, wait) : this.#start(key, work, call, wait);
  }

  #start(key: string, work: Work<T>, call: Call, wait: Wait): Promise<Outcome<T>> {
    const found = this.#flights.get(key);
    const flight = new Flight<T>(call, () => {
      this.#forgetEnded(key, flight);
    });
    this.#flights.set(key, flight);
    const outcome = this.#join(flight, call, wait);
    void this.#fly(key, flight, work, found?.takesMore === false ? found : undefined);
    return outcome;
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

  /** @param taken what its outcome comes to for this caller */
  #join(
    flight: Flight<T>,
    call: Call,
    { limitMs, endMs }: Wait,
    taken: (outcome: Outcome<T>) => Promise<Outcome<T>> | Outcome<T> = asItIs,
  ): Promise<Outcome<T>> {
    return new Promise((resolve) => {
      const { signal } = call;
      const leave = (outcome: Promise<Outcome<T>> | Outcome<T>): void => {
        signal?.removeEventListener('abort', onAbort);
        timer?.[Symbol.dispose]();
        const { attempts, waitMs, workMs } = flight.call.stats;
        call.stats.attempts += attempts;
        call.stats.waitMs += waitMs;
        call.stats.workMs += workMs;
        flight.remove(end);
        resolve(outcome);
      };
      const end = (outcome: Outcome<T>): void => {
        leave(taken(outcome));
      };
      const onAbort = (): void => {
        leave(failed(aborted(signal)));
      };
      const timer =
        endMs === Infinity
          ? undefined
          : this.#clock.deadline(endMs - this.#clock.monotonicMs(), () => {
              leave(failed(tooLate(limitMs)));
            });
      signal?.addEventListener('abort', onAbort, { once: true });
      flight.add(end, call);
    });
  }
}

/** How long a caller waits: when that ends, on the monotonic clock, and what it allowed at first. */
interface Wait {
  readonly limitMs: number;
  readonly endMs: number;
}

const asItIs = <T>(outcome: Outcome<T>): Outcome<T> => outcome;

const tooLate = (timeoutMs: number): Failure => ({
  code: 'TIMED_OUT',
  upstream: 'unknown',
  mayRetry: false,
  scope: 'total',
  timeoutMs,
});
