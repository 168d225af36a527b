import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import {
  DELIVERY_HEADER,
  isSigned,
  postWebhook,
  type RollbackReport,
  SIGNATURE_HEADER,
  type WebhookDeps,
  type WebhookOptions,
} from '../../../src/service/index.ts';
import { START_MS } from './support.ts';

const SECRET = 'correct-horse-battery';
const URL_WITH_TOKEN = 'https://hooks.example.com/services/T0KEN';

const REPORT: RollbackReport = {
  trigger: 'errors',
  version: '1.4.0',
  atMs: START_MS,
  verdict: { verdict: 'fail', because: '0.5, allowed 0.05', measured: 0.5, allowed: 0.05, samples: 100 },
  failed: 2,
  conclusive: 2,
};

interface Call {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly atMs: number;
}

/** Answers in turn, the last one for ever: a status, `down` for a network error, `hang` for none. */
function world(
  answers: readonly (number | 'down' | 'hang')[],
  options: WebhookOptions = {},
  deps: Partial<WebhookDeps> = {},
) {
  const clock = new ManualClock(START_MS);
  const calls: Call[] = [];
  const fetch: typeof globalThis.fetch = (url, init = {}) => {
    const answer = answers[Math.min(calls.length, answers.length - 1)] ?? 'hang';
    calls.push({
      url: url instanceof URL ? url.href : '',
      headers: new Headers(init.headers),
      body: typeof init.body === 'string' ? init.body : '',
      atMs: clock.nowMs() - START_MS,
    });
    if (answer === 'down')
      return Promise.reject(new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }));
    if (answer !== 'hang')
      return Promise.resolve(new Response(answer === 204 ? null : 'x', { status: answer }));
    return new Promise((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    });
  };
  const action = postWebhook(options, { clock, url: URL_WITH_TOKEN, secret: SECRET, fetch, ...deps });
  const abort = new AbortController();
  /** Runs it, with the clock moved to whatever is due. */
  const run = async (): Promise<unknown> => {
    const end = Promise.resolve(action.run(REPORT, abort.signal)).then(
      () => 'done',
      (error: unknown) => error,
    );
    let result: unknown;
    void end.then((value) => (result = value));
    for (let turns = 0; result === undefined && turns < 100; turns += 1) {
      await clock.turn();
      if (result === undefined) clock.advanceTo(clock.nextDueMs);
    }
    return result;
  };
  return { action, calls, run, abort, clock };
}

describe('postWebhook', () => {
  test('posts the report as JSON, signed', async () => {
    const { calls, run } = world([200]);
    expect(await run()).toBe('done');
    expect(calls.map(({ url, body }) => [url, JSON.parse(body) as unknown])).toEqual([
      [URL_WITH_TOKEN, { event: 'rollback.fired', ...REPORT }],
    ]);
    const header = calls[0]?.headers.get(SIGNATURE_HEADER) ?? '';
    expect(header.startsWith(`t=${START_MS / 1000},v1=`)).toBe(true);
    expect(isSigned({ header, body: calls[0]?.body ?? '', secret: SECRET }, START_MS)).toBe(true);
    expect(calls[0]?.headers.get('content-type')).toBe('application/json');
  });

  test.each([500, 503, 408, 429, 'down'] as const)(
    'repeats after %s, later and later, as the same delivery',
    async (answer) => {
      const { calls, run } = world([answer, answer, 204]);
      expect(await run()).toBe('done');
      expect(calls.map(({ atMs }) => atMs)).toEqual([0, 500, 1500]);
      expect(new Set(calls.map(({ headers }) => headers.get(DELIVERY_HEADER))).size).toBe(1);
    },
  );

  test('signs each attempt anew, with the secret of that moment', async () => {
    const secrets = ['first-secret-of-all', 'second-secret-of-all'];
    const { calls, run } = world([500, 200], { backoffMs: 2000 }, { secret: () => secrets.shift() ?? '' });
    await run();
    const signed = (at: number, secret: string): boolean =>
      isSigned(
        { header: calls[at]?.headers.get(SIGNATURE_HEADER) ?? '', body: calls[at]?.body ?? '', secret },
        START_MS + 2000,
      );
    expect([signed(0, 'first-secret-of-all'), signed(1, 'second-secret-of-all')]).toEqual([true, true]);
    expect(calls[1]?.headers.get(SIGNATURE_HEADER)).toContain(`t=${START_MS / 1000 + 2},`);
  });

  test.each([400, 401, 404, 301])('fails at once after %s', async (status) => {
    const { calls, run } = world([status]);
    expect(await run()).toMatchObject({
      code: 'WEBHOOK_FAILED',
      message: `webhook hooks.example.com: answer ${status}, after 1 of 4 attempts`,
    });
    expect(calls).toHaveLength(1);
  });

  test('gives up after the repetitions it was given, and says why', async () => {
    const { calls, run } = world(['down'], { retries: 2 });
    expect(await run()).toMatchObject({
      message: 'webhook hooks.example.com: ECONNREFUSED, after 3 of 3 attempts',
    });
    expect(calls).toHaveLength(3);
  });

  test('waits no longer than 30 seconds between attempts', async () => {
    const { calls, run } = world([500], { retries: 2, backoffMs: 20_000 });
    await run();
    expect(calls.map(({ atMs }) => atMs)).toEqual([0, 20_000, 50_000]);
  });

  test('gives up an attempt that hangs', async () => {
    const { calls, run } = world(['hang', 200], { timeoutMs: 1000 });
    expect(await run()).toBe('done');
    expect(calls.map(({ atMs }) => atMs)).toEqual([0, 1500]);
  });

  test('stops when it is aborted, in an attempt and between two', async () => {
    const inAttempt = world(['hang']);
    const attempt = inAttempt.action.run(REPORT, inAttempt.abort.signal);
    inAttempt.abort.abort(new Error('late'));
    await expect(attempt).rejects.toMatchObject({
      code: 'WEBHOOK_FAILED',
      message: 'webhook hooks.example.com: late, after 1 of 4 attempts',
    });
    expect(inAttempt.calls).toHaveLength(1);

    const between = world([500]);
    const end = between.action.run(REPORT, between.abort.signal);
    await between.clock.turn();
    between.abort.abort(new Error('late'));
    await expect(end).rejects.toThrow('late');
    expect(between.calls).toHaveLength(1);
  });

  test.each([
    ['a file', { url: 'file:///etc/T0KEN' }],
    ['no URL', { url: 'T0KEN' }],
    ['a short secret', { secret: 'T0KEN' }],
    ['no secret', { secret: undefined as unknown as string }],
  ])('refuses %s without telling it', (_, deps) => {
    expect(() => world([200], {}, deps)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(() => world([200], {}, deps)).toThrow(/^(?!.*T0KEN)/s);
  });

  test('shows neither its path nor its secret', () => {
    const { action } = world([200]);
    expect(`${action.name} ${JSON.stringify(action)}`).not.toMatch(/T0KEN|correct/);
  });
});

describe('isSigned', () => {
  const sign = async (): Promise<{ header: string; body: string; secret: string }> => {
    const { calls, run } = world([200]);
    await run();
    return {
      header: calls[0]?.headers.get(SIGNATURE_HEADER) ?? '',
      body: calls[0]?.body ?? '',
      secret: SECRET,
    };
  };

  test.each([
    ['at its age limit', {}, 300_000, true],
    ['older', {}, 300_001, false],
    ['from the future', {}, -300_001, false],
    ['of another body', { body: '{}' }, 0, false],
    ['with another secret', { secret: 'another-secret-here' }, 0, false],
    ['with half a header', { header: 't=1772323200' }, 0, false],
    ['with a made-up signature', { header: `t=${START_MS / 1000},v1=${'0'.repeat(64)}` }, 0, false],
    ['with nothing', { header: '' }, 0, false],
  ])('a message %s', async (_, overrides, ageMs, expected) => {
    expect(isSigned({ ...(await sign()), ...overrides }, START_MS + ageMs)).toBe(expected);
  });
});
