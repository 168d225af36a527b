import { getEventListeners } from 'node:events';
import { nextTurn } from '../../../src/core/clock.ts';
import { newCall } from '../../../src/resilience/call.ts';
import type { Call, Failure, Outcome, UpstreamStatus, Work } from '../../../src/resilience/index.ts';
import { failed, success } from '../../../src/resilience/outcome.ts';
import type { MetricsRegistry } from '../../../src/telemetry/index.ts';

/** A 503 of an upstream, which another attempt may help. */
export const unavailable = (overrides: Partial<UpstreamStatus> = {}): UpstreamStatus => ({
  code: 'UPSTREAM_STATUS',
  upstream: 'failing',
  mayRetry: true,
  status: 503,
  headers: {},
  body: '',
  ...overrides,
});

/** An answer that another attempt does not change. */
export const notFound = (overrides: Partial<UpstreamStatus> = {}): UpstreamStatus =>
  unavailable({ status: 404, upstream: 'alive', mayRetry: false, ...overrides });

/** Not checked by `newCall`: a policy of somebody else may hand on anything. */
export const callOf = (options: Partial<Call> = {}): Call => ({
  ...newCall(),
  ...options,
});

/** Work whose attempts end when the test says so, and heed no signal. */
export class OpenWork {
  readonly calls: Call[] = [];
  readonly #ends: ((outcome: Outcome<string>) => void)[] = [];

  readonly work: Work<string> = (call) => {
    call.stats.attempts += 1;
    this.calls.push(call);
    return new Promise((resolve) => this.#ends.push(resolve));
  };

  async succeed(index: number, value: string): Promise<void> {
    this.#ends[index]?.(success(value));
    await nextTurn();
  }

  async fail(index: number, failure: Failure): Promise<void> {
    this.#ends[index]?.(failed(failure));
    await nextTurn();
  }
}

/** Work that ends each attempt at once: with these, the last one again and again. */
export function scripted(...script: readonly (Failure | string)[]): { work: Work<string>; calls: Call[] } {
  const calls: Call[] = [];
  const work: Work<string> = (call) => {
    const step = script[Math.min(calls.length, script.length - 1)] ?? 'done';
    call.stats.attempts += 1;
    calls.push(call);
    return Promise.resolve(typeof step === 'string' ? success(step) : failed(step));
  };
  return { work, calls };
}

/** What has become of it so far. */
export function seen<T>(promise: Promise<T>): { value: T | undefined } {
  const state: { value: T | undefined } = { value: undefined };
  void promise.then((value) => {
    state.value = value;
  });
  return state;
}

/** Whether it has settled by now. */
export async function hasSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  let settled = false;
  void promise?.then(() => {
    settled = true;
  });
  await nextTurn();
  return settled;
}

export const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

/** The samples of one metric that are not 0. */
export const samplesOf = async (metrics: MetricsRegistry, name: string): Promise<readonly string[]> =>
  (await metrics.exposition())
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && !line.endsWith(' 0'));
