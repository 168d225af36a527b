import type { CircuitStateName } from '../../../src/resilience/index.ts';

export interface ModelRules {
  readonly minCalls: number;
  readonly failureRate: number;
  readonly windowMs: number;
  readonly slowCallMs: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
  readonly probeTimeoutMs: number;
}

/** A call as the model knows it. */
export interface ModelCall {
  readonly startedMs: number;
  /** Number of changes, probes included, before it began. */
  readonly period: number;
  isAborted: boolean;
}

interface Completed {
  readonly atMs: number;
  readonly isBad: boolean;
}

/**
 * The breaker in the plainest way: a list of everything that was ever completed, looked through anew each time, and numbers
 * for the rest. No jitter.
 */
export class CircuitModel {
  state: CircuitStateName = 'closed';
  readonly #rules: ModelRules;
  #completed: Completed[] = [];
  #period = 0;
  #openedMs = 0;
  #failedProbes = 0;
  #probe: ModelCall | undefined;

  constructor(rules: ModelRules) {
    this.#rules = rules;
  }

  /** The call, or the milliseconds after which one may go; Infinity for unknown. */
  start(nowMs: number): ModelCall | number {
    const waitMs = this.#waitMs(nowMs);
    if (waitMs > 0) return waitMs;
    if (this.state !== 'closed') this.#enter('half-open');
    const call = { startedMs: nowMs, period: this.#period, isAborted: false };
    if (this.state === 'half-open') this.#probe = call;
    return call;
  }

  end(call: ModelCall, answer: 'ok' | 'fail' | 'alive' | 'unknown', nowMs: number): void {
    if (call.period !== this.#period) return;
    if (answer === 'unknown') {
      if (this.state === 'half-open') this.#enter('half-open');
      return;
    }
    const isBad = answer === 'fail' || nowMs - call.startedMs > this.#rules.slowCallMs;
    if (this.state === 'half-open') {
      if (isBad) this.#failedProbes += 1;
      this.#enter(isBad ? 'open' : 'closed', nowMs);
      return;
    }
    this.#completed.push({ atMs: nowMs, isBad });
    const { calls, bad } = this.counts(nowMs);
    if (isBad && calls >= this.#rules.minCalls && bad / calls >= this.#rules.failureRate) {
      this.#failedProbes = 0;
      this.#enter('open', nowMs);
    }
  }

  isolate(): void {
    if (this.state !== 'isolated') this.#enter('isolated');
  }

  release(): void {
    if (this.state === 'isolated') this.#enter('closed');
  }

  /** What counts: everything whose tenth of the window is one of the last ten. */
  counts(nowMs: number): { calls: number; bad: number } {
    const tenth = this.#rules.windowMs / 10;
    const oldest = Math.floor(nowMs / tenth) - 9;
    const counted = this.#completed.filter(({ atMs }) => Math.floor(atMs / tenth) >= oldest);
    return { calls: counted.length, bad: counted.filter(({ isBad }) => isBad).length };
  }

  #waitMs(nowMs: number): number {
    if (this.state === 'closed') return 0;
    if (this.state === 'isolated') return Infinity;
    if (this.state === 'open') {
      const { openMs, maxOpenMs } = this.#rules;
      return this.#openedMs + Math.min(openMs * 2 ** this.#failedProbes, maxOpenMs) - nowMs;
    }
    const probe = this.#probe;
    return probe === undefined || probe.isAborted ? 0 : probe.startedMs + this.#rules.probeTimeoutMs - nowMs;
  }

  #enter(state: CircuitStateName, nowMs = 0): void {
    this.state = state;
    this.#period += 1;
    this.#probe = undefined;
    this.#openedMs = nowMs;
    this.#completed = [];
  }
}
