import { describe, expect, test } from 'vitest';
import { decimal } from '../../src/core/index.ts';
import { redactText } from '../../src/telemetry/index.ts';
import { redactFields } from '../../src/telemetry/redact.ts';

/** What a log would write. */
const written = (fields: unknown): unknown =>
  JSON.parse(JSON.stringify(redactFields(fields as Readonly<Record<string, unknown>>)));

describe('keys', () => {
  test.each([
    'dbPassword',
    'BINANCE_API_SECRET',
    'telegramToken',
    'listenKey',
    'encryption_key',
    'signature',
    'jwt',
    'seed phrase',
    'X-MBX-APIKEY',
    'webhook.secret',
    'PASSCODE',
    'api-key',
    'tokens',
    'apiKeys',
    'API_SECRETS',
    'signatures',
    'passwordHash',
    'password_hash',
    'privateKeyPem',
    'PRIVATE_KEY_PEM',
    'apiKeyV2',
    'api-key-v10',
    'tokensHashV2',
    'pwd',
    'dbPwd',
    'pass',
    'DB_PASS',
    'smtp.pass',
    'dbPass',
    'passHash',
    'auth',
    'basicAuth',
    'proxy-auth',
    'authV2',
    'bearer',
    'telegramBearer',
  ])('hides %s', (key) => {
    expect(written({ deep: [{ [key]: 'hunter2' }] })).toEqual({ deep: [{ [key]: '[redacted]' }] });
  });

  test.each([
    'tokenCount',
    'token0',
    'instrumentKey',
    'secretary',
    'keyboard',
    'passwordless',
    'passed',
    'passes',
    'bypass',
    'BYPASS',
    'compass',
    'author',
    'authorId',
    'authMode',
    'forbearer',
    'bearerCount',
    'hash',
    'orderHash',
    'v2',
  ])('shows %s', (key) => {
    expect(written({ [key]: 'v' })).toEqual({ [key]: 'v' });
  });

  test.each([['tokenv1'.repeat(20_000)], ['pass'.repeat(40_000)], [`token${'v1'.repeat(50_000)}x`]])(
    'takes no time over a key made to take long (%#)',
    (key) => {
      const used = process.cpuUsage();
      redactFields({ [key]: 1 });
      expect(process.cpuUsage(used).user / 1000).toBeLessThan(500);
    },
  );

  test('hides whole objects, numbers and lists under such a key, but says that there is nothing', () => {
    expect(written({ secret: { a: 1 }, token: 7, password: ['x'], cookie: null, apiKey: undefined })).toEqual(
      {
        secret: '[redacted]',
        token: '[redacted]',
        password: '[redacted]',
        cookie: null,
      },
    );
  });

  test('still looks at a key that was never seen, after very many others', () => {
    for (let i = 0; i < 1500; i += 1) redactFields({ [`key${i}`]: i });
    expect(written({ neverSeenToken: 'hunter2', neverSeen: 'v' })).toEqual({
      neverSeenToken: '[redacted]',
      neverSeen: 'v',
    });
  });

  test('a key __proto__ is left out and changes nothing', () => {
    const copy = redactFields(JSON.parse('{"a":1,"__proto__":{"polluted":true}}') as Record<string, unknown>);
    expect(copy).toEqual({ a: 1 });
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });
});

describe('texts', () => {
  test.each([
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [redacted]'],
    ['bearer  abc, then more', 'bearer [redacted], then more'],
    ['"Bearer abc"', '"Bearer [redacted]"'],
    ['Basic dXNlcjpodW50ZXIy', 'Basic [redacted]'],
    ['https://user:pass@host/path', 'https://[redacted]@host/path'],
    ['https://token@host', 'https://[redacted]@host'],
    ['postgres://me:p@ss@db:5432/x?ssl=1', 'postgres://[redacted]@db:5432/x?ssl=1'],
    ['redis://:pw@a and amqp://u:p@b', 'redis://[redacted]@a and amqp://[redacted]@b'],
    [
      'GET https://api.example/order?symbol=BTC&signature=ab12&recvWindow=5',
      'GET https://api.example/order?symbol=BTC&signature=[redacted]&recvWindow=5',
    ],
    ['/cb?access_token=x#end', '/cb?access_token=[redacted]#end'],
    ['a\n-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----\nb', 'a\n[redacted]\nb'],
    ['-----BEGIN PRIVATE KEY-----\ncut off', '[redacted]'],
  ])('%j is written as %j', (text, expected) => {
    expect(redactText(text)).toBe(expected);
    expect(written({ list: [{ text }] })).toEqual({ list: [{ text: expected }] });
  });

  test.each([
    'https://host/path?symbol=BTC&side=buy',
    'https://host/users/a@b.c',
    'https://host?mail=a@b.c',
    'a basic information of instruments',
    'mail a@b.c: what? & how',
    '-----BEGIN PUBLIC KEY-----',
    'forbearer',
    '',
  ])('%j stays as it is', (text) => {
    expect(redactText(text)).toBe(text);
  });

  test.each([
    ['://'.repeat(50_000)],
    [`bearer${' '.repeat(100_000)}`],
    ['-----BEGIN '.repeat(20_000)],
    [`?${'a'.repeat(100_000)}`],
    [`${'a'.repeat(100_000)}://`],
    ['basic '.repeat(30_000)],
    ['-----BEGIN PRIVATE KEY-----'.repeat(5_000)],
  ])('takes no time over a text made to take long (%#)', (text) => {
    const used = process.cpuUsage();
    redactText(text);
    expect(process.cpuUsage(used).user / 1000).toBeLessThan(500);
  });
});

describe('values', () => {
  test('what knows its JSON form is written in it, and looked through', () => {
    const fields = {
      at: new Date(0),
      price: decimal('1.50'),
      url: new URL('wss://user:pass@host/ws'),
      account: {
        toJSON: () => ({ id: 'a1', apiSecret: 'hunter2', note: 'Bearer hunter2', more: [{ token: 1 }] }),
      },
      big: { toJSON: () => 12n },
      none: { toJSON: () => undefined },
      broken: {
        toJSON: () => {
          throw new Error('no');
        },
      },
      itself: {
        a: 1,
        toJSON() {
          return this;
        },
      },
    };
    expect(written(fields)).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      price: '1.5',
      url: 'wss://[redacted]@host/ws',
      account: {
        id: 'a1',
        apiSecret: '[redacted]',
        note: 'Bearer [redacted]',
        more: [{ token: '[redacted]' }],
      },
      big: '12',
      broken: '[unreadable]',
      itself: { a: 1 },
    });
  });

  test('a bigint is written with all its digits', () => {
    expect(written({ n: 12345678901234567890n, list: [-1n] })).toEqual({
      n: '12345678901234567890',
      list: ['-1'],
    });
  });

  test('functions and symbols are left out, bytes are counted', () => {
    expect(
      written({ fn: () => 1, symbol: Symbol('x'), bytes: Buffer.from('hunter2'), list: [() => 1] }),
    ).toEqual({
      bytes: '[7 bytes]',
      list: [null],
    });
  });

  test('cycles end where they close; what stands in two places is written twice', () => {
    const shared = { a: 1 };
    const cycle: Record<string, unknown> = { shared, again: [shared] };
    cycle['self'] = { cycle };
    expect(written({ cycle })).toEqual({
      cycle: { shared: { a: 1 }, again: [{ a: 1 }], self: { cycle: '[circular]' } },
    });
  });

  test('a form that leads back to its value ends', () => {
    const value: Record<string, unknown> = {};
    value['toJSON'] = () => ({ value });
    expect(written({ value })).toEqual({ value: { value: '[circular]' } });
  });

  test('writes six objects deep, and no deeper', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 'end' : { d: nested(depth - 1) });
    expect(JSON.stringify(written({ d: nested(6) }))).toContain('end');
    expect(JSON.stringify(written({ d: nested(7) }))).toContain('[too deep]');
  });

  test('writes a thousand values, and no more', () => {
    const list = (length: number): unknown[] => Array.from({ length }, (_, i) => i);
    expect(written({ list: list(999) })).toEqual({ list: list(999) });
    expect(written({ list: list(1000) })).toEqual({ list: '[too large]' });
    const wide = Object.fromEntries(list(1001).map((i) => [String(i), i]));
    expect(written(wide)).toEqual({ unreadableFields: '[too large]' });
    expect(written({ wide })).toEqual({ wide: '[too large]' });
  });

  test('one getter that throws costs one field', () => {
    const fields = {
      symbol: 'BTC',
      get price(): number {
        throw Object.create(null);
      },
    };
    expect(written(fields)).toEqual({ symbol: 'BTC', price: '[unreadable]' });
  });

  test('a getter is read once, so that what was looked at is what is written', () => {
    let reads = 0;
    const fields = {
      get answer(): string {
        reads += 1;
        return reads === 1 ? 'harmless' : 'Bearer hunter2';
      },
    };
    expect(written({ fields })).toEqual({ fields: { answer: 'harmless' } });
  });

  test('what cannot be looked at is noted', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(written({ a: 1, proxy })).toEqual({ a: 1, proxy: '[unreadable]' });
    expect(written(proxy)).toEqual({ unreadableFields: '[unreadable]' });
    expect(written(null)).toEqual({ unreadableFields: null });
  });

  test('leaves what it was given alone', () => {
    const fields = Object.freeze({ list: Object.freeze([Object.freeze({ token: 'x' })]) });
    redactFields(fields);
    expect(fields).toEqual({ list: [{ token: 'x' }] });
  });
});

describe('errors', () => {
  test('are looked through: message, stack, causes and their own fields', () => {
    const cause = new Error('GET https://me:hunter2@host');
    const error = Object.assign(new Error('Bearer hunter2', { cause }), {
      config: { apiKey: 'hunter2', id: 7 },
    });
    const { err } = written(error) as { err: Record<string, unknown> };
    expect(JSON.stringify(err)).not.toContain('hunter2');
    expect(err).toMatchObject({
      type: 'Error',
      message: 'Bearer [redacted] GET https://[redacted]@host',
      config: { id: 7 },
    });
  });

  test('that lead back to themselves end', () => {
    const error: Error & { self?: unknown } = new Error('x');
    error.self = { error };
    expect(written({ error })).toMatchObject({ error: { message: 'x', self: { error: '[circular]' } } });
  });

  test('that are frozen are written nevertheless', () => {
    const error = Object.freeze(Object.assign(new RangeError('x'), { code: 'E_X' }));
    expect(written({ error })).toMatchObject({ error: { type: 'RangeError', message: 'x', code: 'E_X' } });
  });

  test('that cannot be read are noted', () => {
    const error = new Error('x');
    Object.defineProperty(error, 'message', {
      get() {
        throw new Error('no');
      },
    });
    expect(written({ error, a: 1 })).toEqual({ error: '[unreadable]', a: 1 });
  });
});
