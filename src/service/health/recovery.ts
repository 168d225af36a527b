import type { Clock } from '../../core/clock.ts';

/** What brings a dependency back: opens it anew, or throws. */
export type Recover = (signal: AbortSignal) => unknown;

export interface RecoveryDeps {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** After each try: nothing when it worked, else what went wrong. */
  readonly onTry: (error?: unknown) => void | Promise<void>;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/**
 * Tries to bring back one dependency until it is told that it is up: one try at a time, after waits that double from
 * half a second to 30 s, each drawn from the half below its bound up to the bound.
 */
export class Recovery {
  readonly #recover: Recover;
  readonly #deps: RecoveryDeps;
  #isWanted = false;
  #isRunning = false;

  constructor(recover: Recover, deps: RecoveryDeps) {
    this.#recover = recover;
    this.#deps = deps;
  }

  /** It is down: keep trying. */
  begin(): void {
    this.#isWanted = true;
    if (!this.#isRunning) void this.#run();
  }

  /** It is up again: no further try. */
  end(): void {
    this.#isWanted = false;
  }

  async #run(): Promise<void> {
    const { clock, random, signal, onTry } = this.#deps;
    this.#isRunning = true;
    for (let tries = 0; this.#isGoing(); tries += 1) {
      const boundMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
      await clock.sleep((boundMs * (1 + random())) / 2, signal).catch(() => undefined);
      if (!this.#isGoing()) break; // it may have come back, or the service may have stopped
      try {
        await this.#recover(signal);
        await onTry();
      } catch (error) {
        await onTry(error ?? 'an empty error');
      }
    }
    this.#isRunning = false;
  }

  #isGoing(): boolean {
    return this.#isWanted && !this.#deps.signal.aborted;
  }
}
