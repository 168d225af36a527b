import { type Clock, nextTurn, onDispose, sleepOn } from './clock.ts';

interface Timer {
  readonly id: number;
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly fn: () => void;
}

/** More than the rounding of a wall time, less than anything that matters. */
const ROUNDING_MS = 0.001;

/**
 * A clock that stands still until told to move: for tests, replays and simulations. Timers fire in the order in which
 * they are due, those due at the same time in the order in which they were set, each seeing the time it was due at.
 */
export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  #nextId = 0;
  readonly #timers: Timer[] = [];

  /** @param startMs wall time to begin with, milliseconds since the Unix epoch. Default 0. */
  constructor(startMs = 0) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  every(ms: number, fn: () => void): Disposable {
    const everyMs = Math.max(ms, 1);
    return this.#schedule(everyMs, everyMs, fn);
  }

  deadline(ms: number, onLate: () => void): Disposable {
    return this.#schedule(ms, undefined, onLate);
  }

  turn(): Promise<void> {
    return nextTurn();
  }

  /** Wall time at which the next timer is due; `Infinity` without one. */
  get nextDueMs(): number {
    const next = this.#timers[0];
    return next === undefined ? Infinity : this.#wallMs + (next.dueMs - this.#monotonicMs);
  }

  /** Moves both times forward by `ms` and fires what falls due on the way. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`advance(ms): expected 0 or more, got ${ms}`);
    this.#moveTo(this.#monotonicMs + ms);
  }

  /** Moves to a wall time. A time in the past moves nothing: use `jump` to step the wall clock back. */
  advanceTo(wallMs: number): void {
    if (!(wallMs >= this.#wallMs)) return;
    // Wall times are too large for their sums to be exact: what is due by `nextDueMs` is due, whatever rounding says.
    const dueMs = wallMs >= this.nextDueMs ? (this.#timers[0]?.dueMs ?? -Infinity) : -Infinity;
    this.#moveTo(Math.max(this.#monotonicMs + (wallMs - this.#wallMs), dueMs));
    if (Math.abs(this.#wallMs - wallMs) < ROUNDING_MS) this.#wallMs = wallMs;
  }

  /** Steps the wall clock alone, as an NTP correction does. Timers and the monotonic time stay. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  #moveTo(targetMs: number): void {
    for (let next = this.#timers[0]; next !== undefined && next.dueMs <= targetMs; next = this.#timers[0]) {
      this.#timers.shift();
      this.#set(Math.max(next.dueMs, this.#monotonicMs));
      if (next.everyMs !== undefined) this.#insert({ ...next, dueMs: next.dueMs + next.everyMs });
      next.fn();
    }
    this.#set(Math.max(targetMs, this.#monotonicMs)); // a timer may itself have moved the clock further
  }

  #set(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }

  #schedule(ms: number, everyMs: number | undefined, fn: () => void): Disposable {
    const id = this.#nextId++;
    this.#insert({ id, dueMs: this.#monotonicMs + Math.max(0, ms), everyMs, fn });
    return onDispose(() => {
      const at = this.#timers.findIndex((timer) => timer.id === id);
      if (at >= 0) this.#timers.splice(at, 1);
    });
  }

  #insert(timer: Timer): void {
    const at = this.#timers.findLastIndex((other) => other.dueMs <= timer.dueMs);
    this.#timers.splice(at + 1, 0, timer);
  }
}
