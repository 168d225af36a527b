import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { correlation, createLogger, type LoggerOptions, silentLogger } from '../../src/telemetry/index.ts';

const START_MS = 1_700_000_000_000;

function logging(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  let flushes = 0;
  const clock = new ManualClock(START_MS);
  const destination = {
    write: (line: string) => lines.push(line),
    flushSync: () => {
      flushes += 1;
    },
  };
  const log = createLogger({ name: 'quotes', ...options }, { clock, destination });
  return {
    log,
    clock,
    last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown>,
    lines,
    flushes: () => flushes,
  };
}

describe('createLogger', () => {
  test('writes one JSON line with level, time from the clock, name, fields and message', () => {
    const { log, clock, lines } = logging();
    clock.advance(1500.4);
    log.info({ symbol: 'BTC-USDT', quantity: 2n }, 'order sent');
    expect(lines).toEqual([
      `{"level":"info","time":${START_MS + 1500},"name":"quotes","symbol":"BTC-USDT","quantity":"2","msg":"order sent"}\n`,
    ]);
  });

  test('takes a message alone', () => {
    const { log, last } = logging();
    log.warn('late');
    expect(last()).toEqual({ level: 'warn', time: START_MS, name: 'quotes', msg: 'late' });
  });

  test('writes the level asked for and those above it', () => {
    const { log, lines } = logging({ level: 'warn' });
    log.debug('1');
    log.info({ a: 1 }, '2');
    log.warn('3');
    log.error('4');
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['3', '4']);
  });

  test('writes debug lines when they are asked for', () => {
    const { log, lines } = logging({ level: 'debug' });
    log.debug({ a: 1 }, 'detail');
    expect(lines).toHaveLength(1);
  });

  test('a child adds its bindings to each line', () => {
    const { log, last } = logging();
    log.child({ venue: 'paper' }).child({ account: 'a1' }).info('hi');
    expect(last()).toEqual({
      level: 'info',
      time: START_MS,
      name: 'quotes',
      venue: 'paper',
      account: 'a1',
      msg: 'hi',
    });
  });

  test('flushes when told to, and after every error', () => {
    const { log, flushes } = logging();
    log.info('buffered');
    expect(flushes()).toBe(0);
    log.error('now');
    expect(flushes()).toBe(1);
    log.child({ a: 1 }).flush();
    expect(flushes()).toBe(2);
  });

  test('a destination that does not buffer needs no flushSync', () => {
    const lines: string[] = [];
    const log = createLogger(
      { name: 'x' },
      { clock: new ManualClock(), destination: { write: (line) => lines.push(line) } },
    );
    log.error({ code: 7 }, 'failed');
    log.flush();
    expect(lines).toHaveLength(1);
  });

  test('refuses a misspelt option by name', () => {
    expect(() => logging({ levle: 'info' } as never)).toThrow(/createLogger: .*levle/);
  });
});

describe('correlation', () => {
  test('each line under an id carries it, after an await as well', async () => {
    const { log, last } = logging();
    await correlation.run('req-1', async () => {
      await Promise.resolve();
      log.info('inside');
    });
    expect(last()).toEqual({
      level: 'info',
      time: START_MS,
      name: 'quotes',
      correlationId: 'req-1',
      msg: 'inside',
    });
    log.info('outside');
    expect(last()).not.toHaveProperty('correlationId');
  });

  test('runs side by side do not see each other', async () => {
    const seen = await Promise.all(
      ['a', 'b'].map((id) =>
        correlation.run(id, async () => {
          await Promise.resolve();
          return correlation.id();
        }),
      ),
    );
    expect(seen).toEqual(['a', 'b']);
    expect(correlation.id()).toBeUndefined();
  });

  test('a fresh id is valid, and another each time', () => {
    const ids = new Set([correlation.create(), correlation.create()]);
    expect(ids.size).toBe(2);
    for (const id of ids) expect(correlation.isValid(id)).toBe(true);
  });

  test.each([
    ['a', true],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['', false],
    ['a b', false],
    ['a\nb', false],
    ['<script>', false],
    [undefined, false],
    [['a'], false],
  ])('takes %j over from outside: %s', (id, expected) => {
    expect(correlation.isValid(id)).toBe(expected);
  });
});

describe('redaction', () => {
  test.each([
    'password',
    'PASSWORD',
    'secret',
    'token',
    'apiKey',
    'api_key',
    'X-API-Key',
    'apiSecret',
    'api_secret',
    'clientSecret',
    'secretKey',
    'accessToken',
    'refresh_token',
    'idToken',
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'Set-Cookie',
    'privateKey',
    'private_key',
    'passphrase',
    'credentials',
    'mnemonic',
  ])('hides %s', (key) => {
    const { log, last } = logging();
    log.info({ [key]: 'hunter2' }, 'x');
    expect(last()[key]).toBe('[redacted]');
  });

  test.each(['tokens', 'symbol', 'key', 'seed', 'cookieCount', 'idempotencyKey'])('shows %s', (key) => {
    const { log, last } = logging();
    log.info({ [key]: 'v' }, 'x');
    expect(last()[key]).toBe('v');
  });

  test('hides secrets in nested objects, lists, child bindings and errors, and leaves what it was given alone', () => {
    const { log, lines } = logging();
    const fields = {
      config: { venues: [{ name: 'a', apiSecret: 'hunter2' }] },
      reason: Object.assign(new Error('refused'), { details: { token: 'hunter2' } }),
    };
    log.child({ auth: { password: 'hunter2' } }).info(fields, 'x');
    expect(lines.join('')).not.toContain('hunter2');
    expect(fields.config.venues[0]?.apiSecret).toBe('hunter2');
  });

  test('hides the paths asked for', () => {
    const { log, last } = logging({ redact: ['order.account'] });
    log.info({ order: { account: 'a1', side: 'buy' } }, 'x');
    expect(last()['order']).toEqual({ account: '[redacted]', side: 'buy' });
  });

  test('an error under any key is written with its message, code, stack and cause', () => {
    const { log, last } = logging();
    const error = Object.assign(new Error('no answer', { cause: new Error('reset') }), { code: 'E_X' });
    log.error({ failure: error }, 'x');
    expect(last()['failure']).toMatchObject({ type: 'Error', message: 'no answer: reset', code: 'E_X' });
    expect((last()['failure'] as { stack: string }).stack).toContain('caused by: Error: reset');
  });

  test('an error in the place of fields is written as err', () => {
    const { log, last } = logging();
    log.error(new Error('alone') as never, 'x');
    expect(last()['err']).toMatchObject({ message: 'alone' });
  });

  test('dates and other values with a JSON form stay what they are', () => {
    const { log, last } = logging();
    log.info({ at: new Date(0), none: null }, 'x');
    expect(last()).toMatchObject({ at: '1970-01-01T00:00:00.000Z', none: null });
  });
});

test('silentLogger says nothing, and its children neither', () => {
  const child = silentLogger.child({ a: 1 });
  child.debug('x');
  child.info('x');
  child.warn({}, 'x');
  child.error('x');
  child.flush();
  expect(child).toBe(silentLogger);
});
