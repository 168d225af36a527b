import type { Clock } from '../core/clock.ts';
import { Fifo } from './fifo.ts';

export interface TimedLineDeps<T> {
  readonly clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
  /** How long each waits at most. */
  readonly timeoutMs: number;
  /** These have waited so long, and have left the line. */
  readonly onLate: (items: readonly T[]) => void;
}

/** A line, first come first served, in which each waits for so long. */
export class TimedLine<T> {
  readonly #deps: TimedLineDeps<T>;
  readonly #line = new Fifo<{ readonly item: T; readonly dueMs: number }>();
  #timer: Disposable | undefined;

  constructor(deps: TimedLineDeps<T>) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#line.size;
  }

  push(item: T): void {
    const { clock, timeoutMs } = this.#deps;
    this.#line.push({ item, dueMs: clock.monotonicMs() + timeoutMs });
    this.#arm();
  }

  /** The one that has waited longest. */
  peek(): T | undefined {
    return this.#line.peek()?.item;
  }

  /** Takes out the one that has waited longest. */
  shift(): T | undefined {
    const first = this.#line.shift();
    if (this.size === 0) this.#disarm();
    return first?.item;
  }

  /** Takes out all, in order. */
  drain(): T[] {
    this.#disarm();
    return this.#line.drain().map(({ item }) => item);
  }

  #arm(): void {
    const first = this.#line.peek();
    if (this.#timer !== undefined || first === undefined) return;
    const { clock } = this.#deps;
    this.#timer = clock.deadline(Math.max(1, first.dueMs - clock.monotonicMs()), () => {
      this.#timer = undefined;
      const late = this.#takeLate();
      this.#arm();
      if (late.length > 0) this.#deps.onLate(late);
    });
  }

  #takeLate(): T[] {
    const nowMs = this.#deps.clock.monotonicMs();
    let count = 0;
    while ((this.#line.peek(count)?.dueMs ?? Infinity) <= nowMs) count += 1;
    return this.#line.take(count).map(({ item }) => item);
  }

  #disarm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
