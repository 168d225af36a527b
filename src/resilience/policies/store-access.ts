import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';

/** A read or a write that the store could not make, a write that was not made, an entry that is damaged or refused. */
export type SecondLevelError = 'l2-read' | 'l2-write' | 'l2-write-lost' | 'l2-entry';

export interface StoreAccessSettings {
  readonly pauseMs: number;
  readonly maxPauseMs: number;
}

export interface StoreAccessDeps {
  readonly clock: Clock;
  readonly onError: (error: SecondLevelError) => void;
}

/** What came of asking a store: `refused` concerns what was asked, `unavailable` the store. */
export type StoreAnswer<R> =
  | { readonly kind: 'answered'; readonly value: R }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unavailable' };

const REFUSED = { kind: 'refused' } as const;
const UNAVAILABLE = { kind: 'unavailable' } as const;

/**
 * Asks a store within a time, counts what goes wrong, and knows whether it is down: after `STORE_UNAVAILABLE` or an answer
 * that is late it is to be left alone for a while, doubling; then one read tries it, and ends the outage if it is answered.
 */
export class StoreAccess {
  readonly #settings: StoreAccessSettings;
  readonly #deps: StoreAccessDeps;
  #pauseMs = 0;
  #downUntilMs = -Infinity;
  #isTrying = false;

  constructor(settings: StoreAccessSettings, deps: StoreAccessDeps) {
    this.#settings = settings;
    this.#deps = deps;
  }

  /** Whether it failed and has not answered a read since. */
  get isDown(): boolean {
    return this.#pauseMs > 0;
  }

  /** Does not ask while it is left alone. Never rejects. */
  async read<R>(limitMs: number, ask: () => Promise<R>): Promise<StoreAnswer<R>> {
    if (!this.#mayRead()) return UNAVAILABLE;
    const answer = await this.#inTime(limitMs, ask);
    this.#isTrying = false;
    if (answer.kind === 'answered') this.#pauseMs = 0;
    return this.#counted(answer, 'l2-read');
  }

  /** Asks in any case. Never rejects. */
  async write(limitMs: number, ask: () => Promise<unknown>): Promise<boolean> {
    const answer = await this.#inTime(limitMs, ask);
    return this.#counted(answer, 'l2-write').kind === 'answered';
  }

  #mayRead(): boolean {
    if (!this.isDown) return true;
    if (this.#isTrying || !(this.#deps.clock.monotonicMs() >= this.#downUntilMs)) return false;
    this.#isTrying = true;
    return true;
  }

  #counted<R>(answer: StoreAnswer<R>, error: SecondLevelError): StoreAnswer<R> {
    if (answer.kind === 'refused') this.#deps.onError('l2-entry');
    if (answer.kind === 'unavailable') this.#failed(error);
    return answer;
  }

  #failed(error: SecondLevelError): void {
    this.#deps.onError(error);
    const nowMs = this.#deps.clock.monotonicMs();
    // What was asked before it went down says nothing new.
    if (nowMs < this.#downUntilMs) return;
    const { pauseMs, maxPauseMs } = this.#settings;
    this.#pauseMs = Math.min(Math.max(pauseMs, this.#pauseMs * 2), maxPauseMs);
    this.#downUntilMs = nowMs + this.#pauseMs;
  }

  /** An answer after the limit is dropped. */
  #inTime<R>(limitMs: number, ask: () => Promise<R>): Promise<StoreAnswer<R>> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.deadline(limitMs, () => {
        resolve(UNAVAILABLE);
      });
      const end = (answer: StoreAnswer<R>): void => {
        timer[Symbol.dispose]();
        resolve(answer);
      };
      (async () => ask())().then(
        (value) => {
          end({ kind: 'answered', value });
        },
        (error: unknown) => {
          end(isUnavailable(error) ? UNAVAILABLE : REFUSED);
        },
      );
    });
  }
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof PortcullisError && error.code === 'STORE_UNAVAILABLE';
