import type { FeedSettings } from './feed-options.ts';
import { backoffMs } from '../../core/backoff.ts';

type ConnectOptions = Omit<FeedSettings['reconnect'], 'silentAfterMs'>;

/** When the next connection may be tried: back-off with full jitter, and so many in any window at most. */
export class ConnectSchedule {
  readonly #options: ConnectOptions;
  readonly #random: () => number;
  /** Of the last connections that were tried, on the monotonic clock, oldest first. */
  readonly #triedMs: number[] = [];
  #attempts = 0;

  constructor(options: ConnectOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /** Connections tried since one was last good. */
  get attempts(): number {
    return this.#attempts;
  }

  /** A connection is tried now, as there is none. */
  tried(nowMs: number): void {
    this.#attempts += 1;
    this.planned(nowMs);
  }

  /** A connection is tried now, while one stands. */
  planned(nowMs: number): void {
    this.#triedMs.push(nowMs);
    if (this.#triedMs.length > this.#options.maxConnects) this.#triedMs.shift();
  }

  /** The last connection was good: the back-off begins anew. The window does not. */
  good(): void {
    this.#attempts = 0;
  }

  /**
   * How long to wait before the next.
   *
   * @param leastMs what the server asks for
   */
  delayMs(nowMs: number, leastMs: number): number {
    const doublings = Math.max(0, this.#attempts - 1);
    return Math.max(backoffMs(doublings, this.#options, this.#random), leastMs, this.roomInMs(nowMs));
  }

  /** How long until the window has room; 0 when it has. */
  roomInMs(nowMs: number): number {
    const { maxConnects, connectWindowMs } = this.#options;
    const oldestMs = this.#triedMs[0];
    if (oldestMs === undefined || this.#triedMs.length < maxConnects) return 0;
    return Math.max(0, oldestMs + connectWindowMs - nowMs);
  }
}
