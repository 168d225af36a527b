import { AsyncResource } from 'node:async_hooks';
import type { Clock } from '../../core/clock.ts';

/** What has events to hand on. */
export interface Dispatched {
  /** Hands on at most `budget` events, or whatever else can be done at once. @returns how many; 0 for nothing to do now */
  dispatch(budget: number): number;
}

/** Events in one turn of the event loop. Timers and sockets wait for as long as these take. */
const EVENTS_PER_TURN = 512;
/** Events of one part before the next has its share. */
const SHARE = 128;

/**
 * Lets its parts hand on events in a microtask after they are asked to, in turns, and goes on in the next turn of the event
 * loop where there are many. All of it runs outside the context of whoever asked.
 */
export class Dispatcher {
  readonly #clock: Pick<Clock, 'turn'>;
  readonly #parts: Dispatched[] = [];
  /** Whose turn it is. */
  #at = 0;
  readonly #drain = AsyncResource.bind(() => {
    this.#run();
  });
  #isScheduled = false;
  #isStopped = false;
  #inTurn = 0;

  constructor(deps: { readonly clock: Pick<Clock, 'turn'> }) {
    this.#clock = deps.clock;
  }

  add(part: Dispatched): void {
    this.#parts.push(part);
    this.schedule();
  }

  remove(part: Dispatched): void {
    const at = this.#parts.indexOf(part);
    if (at >= 0) this.#parts.splice(at, 1);
  }

  schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    queueMicrotask(this.#drain);
  }

  /** For good. */
  stop(): void {
    this.#isStopped = true;
  }

  #run(): void {
    this.#isScheduled = false;
    for (let idle = 0; idle < this.#parts.length && !this.#isStopped;) {
      if (this.#at >= this.#parts.length) this.#at = 0;
      const handed = this.#parts[this.#at]?.dispatch(SHARE) ?? 0;
      this.#at += 1;
      idle = handed > 0 ? 0 : idle + 1;
      this.#inTurn += handed;
      if (this.#inTurn >= EVENTS_PER_TURN) {
        this.#pause();
        return;
      }
    }
  }

  #pause(): void {
    this.#isScheduled = true;
    void this.#clock.turn().then(() => {
      this.#inTurn = 0;
      this.#drain();
    });
  }
}
