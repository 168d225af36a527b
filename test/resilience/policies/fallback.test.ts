import { describe, expect, test, vi } from 'vitest';
import { nextTurn } from '../../../src/core/clock.ts';
import {
  type Failure,
  Fallback,
  type FallbackDeps,
  type FallbackOptions,
} from '../../../src/resilience/index.ts';
import { success } from '../../../src/resilience/outcome.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import {
  callOf,
  hasSettled,
  listenersOf,
  notFound,
  samplesOf,
  scripted,
  seen,
  unavailable,
} from './attempts.ts';

const setUp = (
  options: FallbackOptions = {},
  give: FallbackDeps<string>['fallback'] = () => 'instead',
  metrics?: MetricsRegistry,
) => {
  const fallback = vi.fn(give);
  return { fallback, policy: new Fallback(options, { fallback, metrics }) };
};

const about = { upstream: 'unknown', mayRetry: false } as const;
const aborted: Failure = { ...about, code: 'ABORTED', reason: 'left' };

describe('Fallback', () => {
  test('leaves a success alone', async () => {
    const { policy, fallback } = setUp();
    expect(await policy.run(scripted('ok').work, callOf())).toEqual(success('ok'));
    expect(fallback).not.toHaveBeenCalled();
  });

  test('gives its value for a failure, which it is told with the call', async () => {
    const { policy, fallback } = setUp();
    const call = callOf({ priority: 'low' });
    expect(await policy.run(scripted(unavailable()).work, call)).toEqual(success('instead'));
    const [failure, given] = fallback.mock.calls[0] ?? [];
    expect(failure).toEqual(unavailable());
    expect(given).toEqual({ ...call, signal: given?.signal });
  });

  test.each<Failure>([
    { ...about, code: 'WORK_FAILED', error: 1 },
    { ...about, code: 'TIMED_OUT', scope: 'total', timeoutMs: 1 },
    { ...about, code: 'CIRCUIT_OPEN', state: 'open' },
    { ...about, code: 'BULKHEAD_FULL', running: 1, waiting: 0 },
    { ...about, code: 'RATE_LIMITED', because: 'banned' },
    { ...about, code: 'UPSTREAM_UNREACHABLE', phase: 'connect', error: 1 },
    { ...about, code: 'UPSTREAM_UNTRUSTED', error: 1 },
    notFound(),
    { ...about, code: 'RESPONSE_INVALID', because: 'json', detail: '' },
    { ...about, code: 'RESPONSE_TOO_LARGE', limitBytes: 1 },
    { ...about, code: 'ADDRESS_REFUSED', address: '10.0.0.1', because: 'private-address' },
  ])('is there for $code by default', async (failure) => {
    expect(await setUp().policy.run(scripted(failure).work, callOf())).toEqual(success('instead'));
  });

  test('is not there for a caller that has left, unless told', async () => {
    const left = await setUp().policy.run(scripted(aborted).work, callOf());
    expect(!left.ok && left.failure).toBe(aborted);
    const { policy } = setUp({ codes: ['ABORTED'] });
    expect(await policy.run(scripted(aborted).work, callOf())).toEqual(success('instead'));
  });

  test('is there for the failures it names, and no other', async () => {
    const { policy, fallback } = setUp({ codes: ['CIRCUIT_OPEN'] });
    const failure = unavailable();
    const outcome = await policy.run(scripted(failure).work, callOf());
    expect(!outcome.ok && outcome.failure).toBe(failure);
    expect(fallback).not.toHaveBeenCalled();
  });

  test.each<[string, FallbackDeps<string>['fallback']]>([
    [
      'throws',
      () => {
        throw new Error('nothing cached');
      },
    ],
    ['rejects', () => Promise.reject(new Error('nothing cached'))],
  ])('when it %s, the failure comes back', async (_how, give) => {
    const failure = unavailable({ stillRunning: Promise.resolve() });
    const outcome = await setUp({}, give).policy.run(scripted(failure).work, callOf());
    expect(!outcome.ok && outcome.failure).toBe(failure);
  });

  test('an abort ends the wait for it within one tick, and leaves nothing behind', async () => {
    const gate = Promise.withResolvers<string>();
    const { policy, fallback } = setUp({}, () => gate.promise);
    const caller = new AbortController();
    const earlier = Promise.withResolvers<undefined>();
    const { work } = scripted(unavailable({ stillRunning: earlier.promise }));
    const outcome = seen(policy.run(work, callOf({ signal: caller.signal })));
    await nextTurn();
    expect(outcome.value).toBeUndefined();
    caller.abort('shutdown');
    await nextTurn();
    expect(outcome.value).toMatchObject({ ok: false, failure: { code: 'ABORTED', reason: 'shutdown' } });
    expect(fallback.mock.calls[0]?.[1].signal?.reason).toBe('shutdown');
    expect(listenersOf(caller.signal)).toBe(0);
    const stillRunning = outcome.value?.ok === false ? outcome.value.failure.stillRunning : undefined;
    gate.resolve('late');
    expect(await hasSettled(stillRunning)).toBe(false);
    earlier.resolve(undefined);
    expect(await hasSettled(stillRunning)).toBe(true);
  });

  test('1,000 saved calls under one long-lived signal leave no listener', async () => {
    const { policy } = setUp();
    const { signal } = new AbortController();
    for (let at = 0; at < 1_000; at += 1) await policy.run(scripted(unavailable()).work, callOf({ signal }));
    expect(listenersOf(signal)).toBe(0);
  });

  test('counts the calls it saved, and only those', async () => {
    const metrics = new MetricsRegistry();
    const give = (failure: Failure): string => {
      if (failure.code === 'UPSTREAM_STATUS') return 'instead';
      throw new Error('nothing cached');
    };
    const { policy } = setUp({ name: 'prices' }, give, metrics);
    await policy.run(scripted('ok').work, callOf());
    await policy.run(scripted(unavailable()).work, callOf());
    await policy.run(scripted({ ...about, code: 'CIRCUIT_OPEN', state: 'open' }).work, callOf());
    expect(await samplesOf(metrics, 'trading_fallbacks_total')).toEqual([
      'trading_fallbacks_total{target="prices"} 1',
    ]);
  });

  test.each([
    ['a code that there is not', { codes: ['NO_SUCH'] } as never],
    ['no code at all', { codes: [] }],
    ['a misspelt option', { code: ['ABORTED'] } as never],
  ])('refuses %s', (_what, options: FallbackOptions) => {
    expect(() => setUp(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
