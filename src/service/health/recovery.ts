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
const LONGEST_TRY_MS = 30_000;

/**
 * Tries to bring back one dependency until it is told that it is up: one try at a time, after waits that double from
 * half a second to 30 s, each drawn from the half below its bound up to the bound. A try that takes longer than 30 s has
 * failed: its signal aborts.
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
      const failure = await this.#try();
      if (!signal.aborted) await onTry(failure);
    }
    this.#isRunning = false;
  }

  /** One try. @returns what went wrong, if anything did */
  async #try(): Promise<unknown> {
    const { clock } = this.#deps;
    const late = new AbortController();
    const signal = AbortSignal.any([this.#deps.signal, late.signal]);
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
    const timer = clock.deadline(LONGEST_TRY_MS, () => {
      late.abort(new Error(`not over within ${LONGEST_TRY_MS} ms`));
    });
    try {
      await Promise.race([Promise.resolve(signal).then(this.#recover), aborted]);
      return undefined;
    } catch (error) {
      return error ?? new Error('an empty error');
    } finally {
      timer[Symbol.dispose]();
    }
  }

  #isGoing(): boolean {
    return this.#isWanted && !this.#deps.signal.aborted;
  }
}
