import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import {
  LOG_LEVELS,
  type LogDestination,
  type LoggerOptions,
  Tracing,
  correlation,
  createLogger,
  silentLogger,
  traceParentOf,
} from '../../src/telemetry/index.ts';
import { RecordingTracer } from './recording-tracer.ts';

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

describe('fields named like keys of the line', () => {
  const reserved = { level: 3, time: 5, name: 'BTC', msg: 'theirs' };
  const renamed = { field_level: 3, field_time: 5, field_name: 'BTC', field_msg: 'theirs' };
  const own = { level: 'info', time: START_MS, name: 'quotes', msg: 'book' };
  /** As they stand in the text: a parser would keep only the last of two. */
  const keysOf = (line: string | undefined): string[] =>
    [...(line ?? '').matchAll(/[{,]"(\w+)":/g)].map(([, key]) => key ?? '');

  test('are written as field_level and so on, and the line keeps its own', () => {
    const { log, lines, last } = logging();
    log.info({ ...reserved, depth: 2 }, 'book');
    expect(last()).toEqual({ ...own, ...renamed, depth: 2 });
    expect(keysOf(lines[0])).toHaveLength(9);
    expect(reserved.level).toBe(3);
  });

  test('also in what a child adds', () => {
    const { log, lines, last } = logging();
    log.child({ ...reserved, correlationId: 'c', traceId: 't', spanId: 's', depth: 2 }).info('book');
    expect(last()).toEqual({
      ...own,
      ...renamed,
      field_correlationId: 'c',
      field_traceId: 't',
      field_spanId: 's',
      depth: 2,
    });
    expect(keysOf(lines[0])).toHaveLength(12);
  });

  test('also without a message, and where they stand among what must be redacted', () => {
    const { log, last } = logging();
    log.info({ msg: 'theirs', name: { token: 'hunter2' } }, undefined as never);
    expect(last()).toEqual({
      level: 'info',
      time: START_MS,
      name: 'quotes',
      field_msg: 'theirs',
      field_name: { token: '[redacted]' },
    });
  });

  test('deeper down keep their names', () => {
    const { log, last } = logging();
    log.info({ book: reserved }, 'book');
    expect(last()).toEqual({ ...own, book: reserved });
  });

  test('take no other field away', () => {
    const { log, last } = logging();
    log.info({ level: 1, field_level: 2, field_field_level: 3 }, 'book');
    const kept = { field_level: 2, field_field_level: 3, field_field_field_level: 1 };
    expect(last()).toEqual({ ...own, ...kept });
    log.child({ field_level: 2, field_field_level: 3, level: 1 }).info('book');
    expect(last()).toEqual({ ...own, ...kept });
  });

  test('the ids of the scope stay; another is written beside, the same once', async () => {
    const { log, lines, last } = logging();
    const parent = traceParentOf({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
    await new Tracing().span('x', { correlationId: 'req-1', parent }, () => {
      log.info({ correlationId: 'req-2', traceId: 'c', spanId: 'b'.repeat(16) }, 'book');
      return Promise.resolve();
    });
    expect(last()).toEqual({
      ...own,
      correlationId: 'req-1',
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      field_correlationId: 'req-2',
      field_traceId: 'c',
    });
    expect(keysOf(lines[0])).toHaveLength(9);
  });

  test('an id where the scope has none is the id of the line', () => {
    const { log, last } = logging();
    log.info({ correlationId: 'req-2' }, 'book');
    expect(last()).toEqual({ ...own, correlationId: 'req-2' });
  });

  test('are redacted by the path that names them, also where they keep their name', () => {
    const { log, last } = logging({ redact: ['correlationId'] });
    log.info({ correlationId: 'req-2' }, 'book');
    expect(last()).toEqual({ ...own, correlationId: '[redacted]' });
  });

  test('are redacted by the path that names them', () => {
    const { log, last } = logging({ redact: ['msg', 'time.zone', '["level"]', 'name["pin"]', 'levels'] });
    const fields = { msg: 'm', time: { zone: 'z', at: 1 }, level: 'l', name: { pin: 1 }, levels: 'ls' };
    log.info(fields, 'book');
    expect(last()).toMatchObject({
      field_msg: '[redacted]',
      field_time: { zone: '[redacted]', at: 1 },
      field_level: '[redacted]',
      field_name: { pin: '[redacted]' },
      levels: '[redacted]',
    });
  });
});

describe('the level of a logger', () => {
  test('changes at once, for children made before and after and their children as well', () => {
    const { log, lines } = logging({ level: 'warn' });
    const before = log.child({ a: 1 }).child({ b: 2 });
    log.level = 'debug';
    const after = log.child({ c: 3 });
    for (const each of [log, before, after]) each.debug('x');
    expect(lines).toHaveLength(3);
    log.level = 'error';
    for (const each of [log, before, after]) each.warn('y');
    expect(lines).toHaveLength(3);
    before.error('z');
    expect(lines).toHaveLength(4);
  });

  test.each(LOG_LEVELS)('%s writes itself and what is graver', (level) => {
    const { log, lines } = logging();
    log.level = level;
    expect(log.level).toBe(level);
    for (const each of LOG_LEVELS) log[each]({ a: 1 }, each);
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(
      LOG_LEVELS.slice(LOG_LEVELS.indexOf(level)),
    );
  });

  test.each(['verbose', '', undefined, 'silent'])('refuses %j by name and stays', (level) => {
    const { log } = logging({ level: 'warn' });
    expect(() => {
      log.level = level as never;
    }).toThrow(/Logger level/);
    expect(log.level).toBe('warn');
  });

  test('the loggers of two services do not share it', () => {
    const [one, other] = [logging(), logging()];
    one.log.level = 'error';
    expect(other.log.level).toBe('info');
  });
});

describe('a line never throws', () => {
  const hostile: readonly [string, unknown][] = [
    ['a field named hasOwnProperty', { hasOwnProperty: 1 }],
    ['a field named toJSON', { toJSON: 'x' }],
    ['fields that look like a request', { method: 'GET', headers: {}, socket: {} }],
    ['fields that look like a response', { setHeader: () => undefined }],
    ['fields without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['no fields', null],
    ['a list', [1, 2]],
  ];

  test.each(hostile)('%s', (_, fields) => {
    const { log, lines, last } = logging();
    log.info(fields as never, 'x');
    expect(last()).toMatchObject({ msg: 'x' });
    log.child(fields as never).info('y');
    expect(last()).toMatchObject({ msg: 'y' });
    expect(lines).toHaveLength(2);
  });

  test('a destination that throws', () => {
    const no = (): never => {
      throw new Error('disk full');
    };
    const destination: LogDestination = { write: no, flushSync: no };
    const log = createLogger({ name: 'x' }, { clock: new ManualClock(), destination });
    log.info('a');
    log.child({ b: 1 }).error({ c: 2 }, 'd');
    expect(() => log.flush()).not.toThrow();
  });
});

describe('trace ids', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  test('each line inside of a span carries its ids beside the correlation id', async () => {
    const { log, last } = logging();
    const tracing = new Tracing({ tracer: new RecordingTracer() });
    await tracing.span(
      'work',
      { correlationId: 'req-1', parent: traceParentOf({ traceparent }) },
      async () => {
        await Promise.resolve();
        log.child({ venue: 'paper' }).info({ a: 1 }, 'inside');
      },
    );
    expect(last()).toEqual({
      level: 'info',
      time: START_MS,
      name: 'quotes',
      venue: 'paper',
      correlationId: 'req-1',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: '0000000000000001',
      a: 1,
      msg: 'inside',
    });
    log.info('outside');
    expect(Object.keys(last())).toEqual(['level', 'time', 'name', 'msg']);
  });

  test('without a tracer each line carries those that came in', () => {
    const { log, last } = logging();
    new Tracing().span('work', { parent: traceParentOf({ traceparent }) }, () => log.info('inside'));
    expect(last()).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
    });
    expect(last()).not.toHaveProperty('correlationId');
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

  test.each(['symbol', 'key', 'seed', 'cookieCount', 'idempotencyKey'])('shows %s', (key) => {
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
    log.child({ account: { password: 'hunter2' } }).info(fields, 'x');
    expect(lines.join('')).not.toContain('hunter2');
    expect(fields.config.venues[0]?.apiSecret).toBe('hunter2');
  });

  test('hides secrets in messages', () => {
    const { log, last } = logging();
    log.info('calling https://me:hunter2@venue.example');
    expect(last()['msg']).toBe('calling https://[redacted]@venue.example');
    log.info({ a: 1 }, 'with Bearer hunter2');
    expect(last()['msg']).toBe('with Bearer [redacted]');
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
