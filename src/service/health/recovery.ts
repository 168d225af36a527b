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
  #running: Promise<void> | undefined;

  constructor(recover: Recover, deps: RecoveryDeps) {
    this.#recover = recover;
    this.#deps = deps;
  }

  /** It is down: keep trying. */
  begin(): void {
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** It is up again: no further try. */
  end(): void {
    this.#isWanted = false;
  }

  async #run(): Promise<void> {
    const { clock, random, signal, onTry } = this.#deps;
    for (let tries = 0; this.#isWanted && !signal.aborted; tries += 1) {
      const boundMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
      await clock.sleep((boundMs * (1 + random())) / 2, signal).catch(() => undefined);
      // Both may have changed while it waited.
      if (!this.#isWanted || signal.aborted) return;
      try {
        await this.#recover(signal);
        await onTry();
      } catch (error) {
        await onTry(error ?? 'an empty error');
      }
    }
  }
}
