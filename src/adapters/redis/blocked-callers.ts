import type { Clock } from '../../core/clock.ts';
import { TimedLine } from '../../events/timed-line.ts';
import type { OutgoingEvent } from './outgoing-event.ts';

interface Caller {
  readonly event: OutgoingEvent;
  readonly reject: (because: string, isClosed: boolean) => void;
}

/** Callers of `publish` that wait for room, first come first served, each for so long. */
export class BlockedCallers {
  readonly #callers: TimedLine<Caller>;

  constructor(clock: Clock, timeoutMs: number) {
    this.#callers = new TimedLine({
      clock,
      timeoutMs,
      onLate: (callers) => {
        for (const { reject } of callers) reject(`no room within ${timeoutMs} ms`, false);
      },
    });
  }

  get size(): number {
    return this.#callers.size;
  }

  wait(event: OutgoingEvent, reject: Caller['reject']): void {
    this.#callers.push({ event, reject });
  }

  /** Lets them in, in order, as long as `take` takes them. */
  admit(take: (event: OutgoingEvent) => boolean): void {
    for (let next = this.#callers.peek(); next !== undefined; next = this.#callers.peek()) {
      if (!take(next.event)) return;
      this.#callers.shift();
    }
  }

  /** No room will come any more. */
  close(): void {
    for (const { reject } of this.#callers.drain()) reject('the bus was closed', true);
  }
}
