import { describe, expect, test } from 'vitest';
import { type Failure, ResilienceError, describeFailure } from '../../src/resilience/index.ts';

const cause = new Error('ECONNRESET');
const of = (failure: Partial<Failure>): Failure =>
  ({ upstream: 'failing', mayRetry: false, ...failure }) as Failure;

describe('a failure as text', () => {
  test.each<[Partial<Failure>, string]>([
    [{ code: 'WORK_FAILED', error: cause }, 'the work failed: ECONNRESET'],
    [
      { code: 'WORK_FAILED', error: Object.create(null) as object },
      'the work failed: something that cannot be read as text',
    ],
    [{ code: 'TIMED_OUT', scope: 'attempt', timeoutMs: 300 }, 'no answer within 300 ms (one attempt)'],
    [{ code: 'TIMED_OUT', scope: 'total', timeoutMs: 300 }, 'no answer within 300 ms (the whole call)'],
    [{ code: 'ABORTED', reason: new Error('stop') }, 'aborted: stop'],
    [
      { code: 'CIRCUIT_OPEN', state: 'open', retryAfterMs: 99.5 },
      'not asked, the circuit is open, again in 100 ms',
    ],
    [
      { code: 'CIRCUIT_OPEN', state: 'isolated', retryAfterMs: Infinity },
      'not asked, the circuit is isolated',
    ],
    [{ code: 'BULKHEAD_FULL', running: 4, waiting: 2 }, 'not asked, 4 calls are running and 2 wait'],
    [
      { code: 'RATE_LIMITED', because: 'banned', retryAfterMs: 60_000 },
      'not asked, rate limit: banned, again in 60000 ms',
    ],
    [
      { code: 'UPSTREAM_UNREACHABLE', phase: 'send', error: cause },
      'the connection failed (send): ECONNRESET',
    ],
    [{ code: 'UPSTREAM_UNTRUSTED', error: cause }, 'its certificate is not trusted: ECONNRESET'],
    [{ code: 'UPSTREAM_STATUS', status: 503, headers: {}, body: '' }, 'it answered 503'],
    [
      { code: 'UPSTREAM_STATUS', status: 400, headers: {}, body: 'x'.repeat(1_000) },
      `it answered 400: ${'x'.repeat(200)}`,
    ],
    [{ code: 'RESPONSE_INVALID', because: 'json', detail: 'at 7' }, 'its answer is not valid (json): at 7'],
    [{ code: 'RESPONSE_TOO_LARGE', limitBytes: 10 }, 'its answer is larger than 10 bytes'],
    [
      { code: 'ADDRESS_REFUSED', address: '10.0.0.1', because: 'private-address' },
      '10.0.0.1 may not be asked (private-address)',
    ],
  ])('%j', (failure, text) => {
    expect(describeFailure(of(failure))).toBe(text);
  });
});

describe('ResilienceError', () => {
  test('has the code of the failure, what went wrong underneath, and what it was about', () => {
    const failure = of({ code: 'UPSTREAM_UNREACHABLE', phase: 'connect', error: cause });
    const error = new ResilienceError(failure, 'venue /time', { source: 'venue' });
    expect(error).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      retryable: true,
      message: 'venue /time: the connection failed (connect): ECONNRESET',
      details: { source: 'venue' },
      failure,
      cause,
    });
  });

  test('an abort carries its reason as the cause', () => {
    const reason = new Error('stop');
    expect(new ResilienceError(of({ code: 'ABORTED', reason })).cause).toBe(reason);
  });

  test('without a cause it has none', () => {
    expect(new ResilienceError(of({ code: 'BULKHEAD_FULL', running: 1, waiting: 0 })).cause).toBeUndefined();
  });
});
