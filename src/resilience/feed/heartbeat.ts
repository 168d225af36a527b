import type { Clock } from '../../core/clock.ts';

export interface HeartbeatOptions {
  readonly intervalMs: number;
  readonly pongTimeoutMs: number;
}

/** Pings, and tells once when an answer does not come in time. A process that was held up itself looks again first. */
export class Heartbeat implements Disposable {
  readonly #pongTimeoutMs: number;
  readonly #clock: Clock;
  readonly #onMissing: () => void;
  readonly #beat: Disposable;
  #waiting: Disposable | undefined;
  #isDisposed = false;

  constructor(
    { intervalMs, pongTimeoutMs }: HeartbeatOptions,
    { clock, ping, onMissing }: { clock: Clock; ping: () => void; onMissing: () => void },
  ) {
    this.#pongTimeoutMs = pongTimeoutMs;
    this.#clock = clock;
    this.#onMissing = onMissing;
    this.#beat = clock.every(intervalMs, () => {
      if (this.#waiting !== undefined) return;
      ping();
      if (!this.#isDisposed) this.#expect();
    });
  }

  answered(): void {
    this.#waiting?.[Symbol.dispose]();
    this.#waiting = undefined;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#beat[Symbol.dispose]();
    this.answered();
  }

  #expect(): void {
    const waiting = this.#clock.deadline(this.#pongTimeoutMs, () => {
      // What has arrived but not been read yet comes with the next turn.
      void this.#clock.turn().then(() => {
        if (this.#waiting === waiting) this.#onMissing();
      });
    });
    this.#waiting = waiting;
  }
}
