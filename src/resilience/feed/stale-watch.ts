import type { Clock } from '../../core/clock.ts';

export interface StaleWatchDeps {
  readonly clock: Clock;
  /** Whether silence means anything now. */
  readonly isExpected: () => boolean;
  readonly onStale: () => void;
}

/** Tells when nothing was heard for so long. A process that was held up itself looks again first. */
export class StaleWatch {
  readonly #limitMs: number | false;
  readonly #deps: StaleWatchDeps;
  #heardMs = 0;
  #timer: Disposable | undefined;

  constructor(limitMs: number | false, deps: StaleWatchDeps) {
    this.#limitMs = limitMs;
    this.#deps = deps;
  }

  heard(): void {
    this.#heardMs = this.#deps.clock.monotonicMs();
  }

  start(): void {
    this.stop();
    this.heard();
    if (this.#limitMs !== false) this.#arm(this.#limitMs, this.#limitMs);
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #arm(ms: number, limitMs: number): void {
    const { clock } = this.#deps;
    const timer = clock.deadline(ms, () => {
      // What has arrived but not been read yet comes with the next turn.
      void clock.turn().then(() => {
        if (this.#timer === timer) this.#look(limitMs);
      });
    });
    this.#timer = timer;
  }

  #look(limitMs: number): void {
    const { clock, isExpected, onStale } = this.#deps;
    const leftMs = isExpected() ? this.#heardMs + limitMs - clock.monotonicMs() : limitMs;
    if (leftMs > 0) {
      this.#arm(leftMs, limitMs);
      return;
    }
    this.stop();
    onStale();
  }
}
