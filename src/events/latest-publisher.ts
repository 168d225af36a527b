import { type BackoffOptions, backoffMs, systemRandom } from '../core/backoff.ts';
import { BackgroundPublisher, type PublisherDeps } from './background-publisher.ts';
import type { PublishOptions } from './event-bus.ts';
import type { EventType } from './event-type.ts';

const BACKOFF: BackoffOptions = { baseDelayMs: 500, maxDelayMs: 30_000 };

interface Latest {
  readonly send: () => ReturnType<BackgroundPublisher['attempt']>;
  failures: number;
  timer: Disposable | undefined;
}

/**
 * Publishes states that must not be lost on the way, such as that trading is halted: each at once, in the order of calls, and the
 * latest of a thing again until the bus has it, after 0.5 s at most, doubling up to 30 s, full jitter. What is older is not told again:
 * the latest says where things stand. What the bus will never take (data off its schema, a bus that is closed) is not tried again.
 */
export class LatestPublisher implements Disposable {
  readonly #publisher: BackgroundPublisher;
  readonly #deps: Pick<PublisherDeps, 'clock'>;
  readonly #random: () => number;
  /** What the bus is not known to have, by thing. */
  readonly #latest = new Map<string, Latest>();
  #isOver = false;

  /** @param name of the part that tells, as a label: `kill-switch` */
  constructor(name: string, deps: PublisherDeps, random = systemRandom) {
    this.#publisher = new BackgroundPublisher(name, deps);
    this.#deps = deps;
    this.#random = random;
  }

  /**
   * Takes the place of what was told of the thing before. Never throws.
   *
   * @param make called for each attempt, the first time before this returns
   */
  publish<D>(thing: string, type: EventType<D>, make: () => NoInfer<D>, options?: PublishOptions): void {
    this.#latest.get(thing)?.timer?.[Symbol.dispose]();
    const send = () => this.#publisher.attempt(type, make, options);
    const latest: Latest = { send, failures: 0, timer: undefined };
    this.#latest.set(thing, latest);
    void this.#send(thing, latest);
  }

  /** What still waits is tried once more, at once. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const [thing, latest] of this.#latest) {
      if (latest.timer === undefined) continue;
      latest.timer[Symbol.dispose]();
      void this.#send(thing, latest);
    }
  }

  async #send(thing: string, latest: Latest): Promise<void> {
    latest.timer = undefined;
    const outcome = await latest.send();
    if (this.#latest.get(thing) !== latest) return;
    if (outcome !== 'failed' || this.#isOver) {
      this.#latest.delete(thing);
      return;
    }
    const waitMs = backoffMs(latest.failures++, BACKOFF, this.#random);
    // A process that has nothing else to do does not stay for it.
    latest.timer = this.#deps.clock.every(Math.max(1, waitMs), () => {
      latest.timer?.[Symbol.dispose]();
      void this.#send(thing, latest);
    });
  }
}
