import type { Call } from '../call.ts';
import type { Failure } from '../failure.ts';
import { type Outcome, failed } from '../outcome.ts';
import type { Work } from '../policy.ts';
import { PRIORITIES, type Priority } from '../priority.ts';

/** Tells one who waits what became of it. */
type End<T> = (outcome: Outcome<T>) => void;

/** One work, and those who wait for it. */
export class Flight<T> {
  readonly call: Call;
  readonly waiters = new Set<End<T>>();
  takesMore = true;
  hasStarted = false;
  #hasEnded = false;
  #urgency = PRIORITIES.length - 1;
  #deadlineMs = -Infinity;
  /** As they were when the work began: it may have read them then. */
  #begunWith = { urgency: -Infinity, deadlineMs: Infinity };
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

  /** Whether this caller is served well by joining. */
  takes({ priority }: Call): boolean {
    const mayWaitInLine = this.hasStarted && this.call.stats.attempts === 0;
    return this.takesMore && !(mayWaitInLine && PRIORITIES.indexOf(priority) < this.#begunWith.urgency);
  }

  /** Whether work by the rules of this caller might have done more before it failed like this. */
  isOutdoneBy({ retries, timeoutMs, deadlineMs }: Call, failure: Failure): boolean {
    if (!failure.mayRetry && failure.code !== 'TIMED_OUT') return false;
    return (
      mayBeMore(retries, this.call.retries) ||
      mayBeMore(timeoutMs, this.call.timeoutMs) ||
      deadlineMs > this.#begunWith.deadlineMs
    );
  }

  add(end: End<T>, call: Call): void {
    this.waiters.add(end);
    this.#urgency = Math.min(this.#urgency, PRIORITIES.indexOf(call.priority));
    this.#deadlineMs = Math.max(this.#deadlineMs, call.deadlineMs);
  }

  remove(end: End<T>): void {
    this.waiters.delete(end);
    if (this.waiters.size > 0 || this.#hasEnded || !this.hasStarted) return;
    this.#onAbandoned();
    this.#ended.resolve(undefined);
    this.#abort.abort(new Error('nobody waits for it any more'));
  }

  async start(work: Work<T>): Promise<Outcome<T>> {
    this.hasStarted = true;
    this.#begunWith = { urgency: this.#urgency, deadlineMs: this.#deadlineMs };
    try {
      return await work(this.call);
    } catch (error) {
      return failed({ code: 'WORK_FAILED', upstream: 'failing', mayRetry: false, error });
    }
  }

  end(outcome: Outcome<T>): void {
    this.#hasEnded = true;
    for (const end of this.waiters) end(outcome);
    this.#ended.resolve(undefined);
  }
}

/** Undefined leaves it to a policy, of which nothing is known here. */
const mayBeMore = (mine: number | undefined, theirs: number | undefined): boolean =>
  mine !== 0 && mine !== theirs && !(mine !== undefined && theirs !== undefined && mine < theirs);
