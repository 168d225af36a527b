import { inspect } from 'node:util';
import type { Clock } from '../core/clock.ts';
import { settleWithin } from './settle-within.ts';

/**
 * Asks one dependency whether it is well: returns nothing or `true` when it is, a reason (or `false`) when it is not, or throws.
 * The signal aborts when the time is up.
 */
export type HealthProbe = (signal: AbortSignal) => HealthAnswer | Promise<HealthAnswer>;
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a probe may be a function that returns nothing
export type HealthAnswer = void | undefined | boolean | string;

/** What is known of one dependency. Times are wall time in milliseconds since the epoch. */
export interface CheckReport {
  readonly status: 'up' | 'down';
  /** Whether the service is not ready without it. */
  readonly critical: boolean;
  /** How long the last probe took. */
  readonly latencyMs: number;
  readonly checkedAtMs: number;
  /** When the status last became what it is. */
  readonly lastChangeMs: number;
  /** Why it is down. */
  readonly reason?: string;
}

/** A probe that ignores its signal may hang for ever; beyond so many no further one is started. */
const MAX_HANGING = 5;
const MAX_REASON_LENGTH = 200;

/** One dependency with its probe: asked at most once at a time, its answer good for `cacheMs`. */
export class HealthCheck {
  readonly critical: boolean;
  readonly #probe: HealthProbe;
  readonly #timeoutMs: number;
  readonly #cacheMs: number;
  readonly #clock: Clock;
  #running: Promise<CheckReport> | undefined;
  #last: CheckReport | undefined;
  #lastMonotonicMs = -Infinity;
  #hanging = 0;

  constructor(
    probe: HealthProbe,
    options: { readonly critical: boolean; readonly timeoutMs: number; readonly cacheMs: number },
    clock: Clock,
  ) {
    this.#probe = probe;
    this.critical = options.critical;
    this.#timeoutMs = options.timeoutMs;
    this.#cacheMs = options.cacheMs;
    this.#clock = clock;
  }

  /** The last answer while it is fresh, else a new one. Never rejects, and never takes longer than `timeoutMs`. */
  report(): Promise<CheckReport> {
    const ageMs = this.#clock.monotonicMs() - this.#lastMonotonicMs;
    if (this.#last !== undefined && ageMs < this.#cacheMs) return Promise.resolve(this.#last);
    this.#running ??= this.#ask().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #ask(): Promise<CheckReport> {
    const startMs = this.#clock.monotonicMs();
    const reason = await this.#reasonDown();
    const nowMs = this.#clock.nowMs();
    const status = reason === undefined ? 'up' : 'down';
    this.#lastMonotonicMs = this.#clock.monotonicMs();
    this.#last = {
      status,
      critical: this.critical,
      latencyMs: this.#lastMonotonicMs - startMs,
      checkedAtMs: nowMs,
      lastChangeMs: this.#last?.status === status ? this.#last.lastChangeMs : nowMs,
      ...(reason === undefined ? {} : { reason: reason.slice(0, MAX_REASON_LENGTH) }),
    };
    return this.#last;
  }

  async #reasonDown(): Promise<string | undefined> {
    if (this.#hanging >= MAX_HANGING) return `${this.#hanging} earlier probes still hang`;
    const abort = new AbortController();
    const end = await settleWithin(this.#clock, this.#timeoutMs, () => this.#counted(abort.signal));
    switch (end.kind) {
      case 'late':
        abort.abort(new Error(`no answer within ${this.#timeoutMs} ms`));
        return `no answer within ${this.#timeoutMs} ms`;
      case 'failed':
        return end.error instanceof Error ? end.error.message || end.error.name : String(end.error);
      case 'done':
        return reasonIn(end.value);
    }
  }

  async #counted(signal: AbortSignal): Promise<unknown> {
    this.#hanging += 1;
    try {
      return await this.#probe(signal);
    } finally {
      this.#hanging -= 1;
    }
  }
}

/** Only a clear yes is one: whatever else comes back is down. */
function reasonIn(answer: unknown): string | undefined {
  if (answer === undefined || answer === true) return undefined;
  return typeof answer === 'string' && answer !== '' ? answer : `the probe answered ${inspect(answer)}`;
}
