import type { Clock } from '../../core/clock.ts';

export interface ReturnWatchDeps {
  readonly clock: Clock;
  /** It has not spoken in time. */
  readonly onSilent: (channel: string) => void;
}

/** Which channels do not speak again soon after a reconnection: their numbers cannot tell then what was missed meanwhile. */
export class ReturnWatch {
  readonly #limitMs: number;
  readonly #deps: ReturnWatchDeps;
  #awaited = new Set<string>();
  #timer: Disposable | undefined;

  constructor(limitMs: number, deps: ReturnWatchDeps) {
    this.#limitMs = limitMs;
    this.#deps = deps;
  }

  /** These are expected to speak from now on. */
  start(channels: Iterable<string>): void {
    this.stop();
    this.#awaited = new Set(channels);
    if (this.#awaited.size === 0) return;
    this.#timer = this.#deps.clock.deadline(this.#limitMs, () => {
      const silent = this.#awaited;
      this.stop();
      for (const channel of silent) this.#deps.onSilent(channel);
    });
  }

  /** It has spoken, or is no longer wanted. */
  release(channel: string): void {
    if (this.#awaited.delete(channel) && this.#awaited.size === 0) this.stop();
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#awaited = new Set();
  }
}
