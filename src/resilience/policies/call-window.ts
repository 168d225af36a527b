/** What completed calls count as. */
export type Counted = 'in-time' | 'slow' | 'failed';

/** Completed calls of a window. */
export interface CallCounts {
  readonly calls: number;
  readonly failed: number;
  /** Calls that came too late to be of use, though they did not fail. */
  readonly slow: number;
  /** Failed and slow ones as a fraction of all, 0 to 1; 0 without calls. */
  readonly rate: number;
}

const BUCKETS = 10;

/**
 * Counts completed calls over a sliding time window, in ten buckets: a call is forgotten between 0.9 and 1 window after it
 * was counted, together with all others of its bucket. Memory and cost of a call do not depend on how many there are. It
 * has no timers: time passes when it is asked. Times are monotonic and never go back.
 */
export class CallWindow {
  readonly #bucketMs: number;
  readonly #calls = new Float64Array(BUCKETS);
  readonly #failed = new Float64Array(BUCKETS);
  readonly #slow = new Float64Array(BUCKETS);
  /** Number of the bucket that is being filled, counted from the start of the clock. */
  #newest = 0;
  #newestEndsMs = -Infinity;
  #at = 0;
  #callsInWindow = 0;
  #failedInWindow = 0;
  #slowInWindow = 0;

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  count(counted: Counted, nowMs: number): void {
    this.#advance(nowMs);
    const at = this.#at;
    increment(this.#calls, at);
    this.#callsInWindow += 1;
    if (counted === 'in-time') return;
    if (counted === 'failed') {
      increment(this.#failed, at);
      this.#failedInWindow += 1;
    } else {
      increment(this.#slow, at);
      this.#slowInWindow += 1;
    }
  }

  counts(nowMs: number): CallCounts {
    this.#advance(nowMs);
    const [calls, failed, slow] = [this.#callsInWindow, this.#failedInWindow, this.#slowInWindow];
    return { calls, failed, slow, rate: calls === 0 ? 0 : (failed + slow) / calls };
  }

  /** Whether there are at least `minCalls`, and the fraction of failed and slow ones is `rate` or more. */
  reaches(rate: number, minCalls: number, nowMs: number): boolean {
    this.#advance(nowMs);
    const calls = this.#callsInWindow;
    return calls >= minCalls && (this.#failedInWindow + this.#slowInWindow) / calls >= rate;
  }

  clear(): void {
    this.#calls.fill(0);
    this.#failed.fill(0);
    this.#slow.fill(0);
    this.#callsInWindow = 0;
    this.#failedInWindow = 0;
    this.#slowInWindow = 0;
  }

  /** Forgets the buckets that have left the window: at most all ten, however long nothing happened. */
  #advance(nowMs: number): void {
    if (nowMs < this.#newestEndsMs) return;
    const newest = Math.floor(nowMs / this.#bucketMs);
    const passed = newest - this.#newest;
    if (passed >= BUCKETS) this.clear();
    else for (let n = 1; n <= passed; n += 1) this.#forget((this.#newest + n) % BUCKETS);
    this.#newest = newest;
    this.#newestEndsMs = (newest + 1) * this.#bucketMs;
    this.#at = newest % BUCKETS;
  }

  #forget(at: number): void {
    this.#callsInWindow -= take(this.#calls, at);
    this.#failedInWindow -= take(this.#failed, at);
    this.#slowInWindow -= take(this.#slow, at);
  }
}

function increment(values: Float64Array, at: number): void {
  values[at] = (values[at] as number) + 1;
}

/** What is there, and leaves 0. */
function take(values: Float64Array, at: number): number {
  const value = values[at] as number;
  values[at] = 0;
  return value;
}
