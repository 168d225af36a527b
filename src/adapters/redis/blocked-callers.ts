import type { Clock } from '../../core/clock.ts';
import { Fifo } from '../../events/fifo.ts';
import type { OutgoingEvent } from './outgoing-event.ts';

interface Caller {
  readonly event: OutgoingEvent;
  readonly reject: (because: string, isClosed: boolean) => void;
  readonly dueMs: number;
}

/** Callers of `publish` that wait for room, first come first served, each for so long. */
export class BlockedCallers {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #callers = new Fifo<Caller>();
  #timer: Disposable | undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#callers.size;
  }

  wait(event: OutgoingEvent, reject: Caller['reject']): void {
    this.#callers.push({ event, reject, dueMs: this.#clock.monotonicMs() + this.#timeoutMs });
    this.#arm();
  }

  /** Lets them in, in order, as long as `take` takes them. */
  admit(take: (event: OutgoingEvent) => boolean): void {
    for (let next = this.#callers.peek(); next !== undefined; next = this.#callers.peek()) {
      if (!take(next.event)) break;
      this.#callers.shift();
    }
    if (this.#callers.size === 0) this.#disarm();
  }

  /** No room will come any more. */
  close(): void {
    for (const { reject } of this.#callers.drain()) reject('the bus was closed', true);
    this.#disarm();
  }

  #arm(): void {
    const first = this.#callers.peek();
    if (first === undefined || this.#timer !== undefined) return;
    this.#timer = this.#clock.deadline(first.dueMs - this.#clock.monotonicMs(), () => {
      this.#timer = undefined;
      this.#expire();
    });
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    for (let next = this.#callers.peek(); next !== undefined; next = this.#callers.peek()) {
      if (next.dueMs - nowMs > 1) break;
      this.#callers.shift();
      next.reject(`no room within ${this.#timeoutMs} ms`, false);
    }
    this.#arm();
  }

  #disarm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
