import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { SystemClock } from '../../../src/core/index.ts';
import { httpFaults } from '../../../src/testing/index.ts';
import {
  RawServer,
  callOf,
  faultServer,
  rawServer,
  said,
  send,
  transportOf,
  until,
} from './support/http-world.ts';

const MIB = 1024 * 1024;
const unreachable = (phase: string, mayRetry: boolean) => ({
  code: 'UPSTREAM_UNREACHABLE',
  upstream: 'failing',
  mayRetry,
  phase,
});
const invalid = (because: string, mayRetry: boolean) =>
  expect.objectContaining({ code: 'RESPONSE_INVALID', upstream: 'failing', because, mayRetry }) as unknown;

describe('HttpTransport: an answer', () => {
  test('comes with status, headers and body, and counts as work', async () => {
    const server = await faultServer();
    server.script({
      status: 201,
      headers: { 'x-used': ['1', '2'], 'X-Weight': '5' },
      body: { price: '1.5' },
    });
    const call = callOf();
    const outcome = await send(transportOf(), server.url, { headers: { 'x-api-key': 'k' } }, call);
    expect(outcome).toEqual({
      ok: true,
      value: {
        status: 201,
        headers: expect.objectContaining({ 'x-used': ['1', '2'], 'x-weight': '5' }) as unknown,
        body: Buffer.from('{"price":"1.5"}'),
      },
    });
    expect(server.requests).toMatchObject([
      {
        method: 'GET',
        url: '/time',
        headers: { 'x-api-key': 'k', 'accept-encoding': 'gzip, deflate, br' },
      },
    ]);
    expect(call.stats).toMatchObject({ attempts: 0, waitMs: 0 });
    expect(call.stats.workMs).toBeGreaterThan(0);
  });

  test.each([['text'], [Buffer.from('text')]])('is had for a body of %o', async (body) => {
    const server = await faultServer();
    await send(transportOf(), server.url, { method: 'POST', body });
    expect(server.requests).toMatchObject([
      { method: 'POST', body: 'text', headers: { 'content-length': '4' } },
    ]);
  });

  test('may be asked for in the codings that the caller takes', async () => {
    const server = await faultServer();
    await send(transportOf(), server.url, { headers: { 'Accept-Encoding': 'identity' } });
    expect(server.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  test('to HEAD has the headers of a body, and none', async () => {
    const server = await rawServer(
      'HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\ncontent-encoding: gzip\r\n\r\n',
    );
    const outcome = await send(transportOf(), server.url, { method: 'HEAD' });
    expect(outcome).toMatchObject({ ok: true, value: { status: 200, body: Buffer.alloc(0) } });
  });

  test.each([204, 304])('of %i is a success without a body', async (status) => {
    const server = await rawServer(`HTTP/1.1 ${status} X\r\netag: "a"\r\n\r\n`);
    const outcome = await send(transportOf(), server.url);
    expect(outcome).toMatchObject({
      ok: true,
      value: { status, headers: { etag: '"a"' }, body: Buffer.alloc(0) },
    });
  });

  test('may be announced by early hints', async () => {
    const server = await rawServer(
      'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}',
    );
    expect(await send(transportOf(), server.url)).toMatchObject({
      ok: true,
      value: { body: Buffer.from('{}') },
    });
  });

  test('that was only announced has not come', async () => {
    const server = await rawServer('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', 'end');
    expect(said(await send(transportOf(), server.url))).toEqual(unreachable('receive', true));
  });

  test('without a length ends with its connection', async () => {
    const server = await rawServer('HTTP/1.0 200 OK\r\n\r\nall of it', 'end');
    expect(await send(transportOf(), server.url)).toMatchObject({
      value: { body: Buffer.from('all of it') },
    });
  });

  test('without a length does not end with a reset', async () => {
    const server = await RawServer.listen((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\npart of it', () => {
        void new SystemClock().sleep(20).then(() => socket.resetAndDestroy());
      });
    });
    expect(said(await send(transportOf(), server.url))).toEqual(unreachable('receive', true));
  });

  test('in many pieces is put together again', async () => {
    const body = createHash('sha512').update('x').digest('hex').repeat(4_000);
    const server = await faultServer();
    server.script({ body, chunked: true });
    const outcome = await send(transportOf(), server.url);
    expect(outcome.ok && outcome.value.body.toString() === body).toBe(true);
  });

  test('is decoded', async () => {
    const server = await faultServer();
    server.script({ headers: { 'content-encoding': 'gzip' }, body: gzipSync('{"a":1}') });
    expect(await send(transportOf(), server.url)).toMatchObject({ value: { body: Buffer.from('{"a":1}') } });
  });
});

describe('HttpTransport: an answer that is no success', () => {
  test.each([
    [400, 'alive', false],
    [401, 'alive', false],
    [404, 'alive', false],
    [408, 'alive', true],
    [409, 'alive', false],
    [418, 'alive', false],
    [425, 'alive', true],
    [429, 'unknown', true],
    [500, 'failing', true],
    [501, 'failing', false],
    [502, 'failing', true],
    [503, 'failing', true],
    [504, 'failing', true],
    [599, 'failing', false],
  ])(
    'of %i says that the upstream is %s, and that a GET may be repeated: %s',
    async (status, upstream, mayRetry) => {
      const server = await faultServer();
      server.script({ status, headers: { 'x-a': 'b' }, body: 'because' });
      const transport = transportOf();
      expect(said(await send(transport, server.url))).toEqual({
        code: 'UPSTREAM_STATUS',
        upstream,
        mayRetry,
        status,
        headers: expect.objectContaining({ 'x-a': 'b' }) as unknown,
        body: 'because',
      });
      expect(said(await send(transport, server.url, { method: 'POST' }))).toMatchObject({ mayRetry: false });
    },
  );

  test('may be repeated for a POST that says so, and not for a GET that says otherwise', async () => {
    const server = await faultServer();
    server.script({ status: 503 });
    const transport = transportOf();
    const outcomes = [
      await send(transport, server.url, { method: 'POST', isRepeatable: true }),
      await send(transport, server.url, { isRepeatable: false }),
    ];
    expect(outcomes.map(said)).toMatchObject([{ mayRetry: true }, { mayRetry: false }]);
  });

  test('says when to come back', async () => {
    const server = await faultServer();
    server.script(httpFaults.comeBackLater({ status: 418, retryAfter: 120 }));
    expect(said(await send(transportOf(), server.url))).toMatchObject({ status: 418, retryAfterMs: 120_000 });
  });

  test('is quoted from a coded body as well', async () => {
    const server = await faultServer();
    server.script({ status: 500, headers: { 'content-encoding': 'gzip' }, body: gzipSync('out of order') });
    expect(said(await send(transportOf(), server.url))).toMatchObject({ body: 'out of order' });
  });

  test('is quoted in part, and leaves its connection to the next when it is not too long', async () => {
    const server = await faultServer();
    server.script({ status: 500, body: 'x'.repeat(200_000) }, {});
    const transport = transportOf();
    expect(said(await send(transport, server.url))).toMatchObject({ body: 'x'.repeat(1_000) });
    await until(() => transport.stats().idle === 1);
    await new SystemClock().turn();
    await send(transport, server.url);
    expect(server.connections.opened).toBe(1);
  });

  test('is not read to its end when it has none, and the next request is served', async () => {
    const server = await faultServer();
    server.script({ status: 500, fault: 'endless', body: 'x'.repeat(10_000) }, {});
    const transport = transportOf();
    expect(said(await send(transport, server.url))).toMatchObject({ status: 500, body: 'x'.repeat(1_000) });
    expect(said(await send(transport, server.url))).toBe('status 200');
  });

  test('counts even when it breaks off', async () => {
    const server = await faultServer();
    server.script({ status: 503, fault: 'reset', at: 'in-body', body: 'overloaded' });
    expect(said(await send(transportOf(), server.url))).toMatchObject({
      code: 'UPSTREAM_STATUS',
      status: 503,
    });
  });

  test.each([300, 301, 302, 303, 307, 308])('of %i is not followed', async (status) => {
    const server = await faultServer();
    server.script(httpFaults.redirect('http://u:p@169.254.169.254/latest?signature=secret#x', status));
    expect(said(await send(transportOf(), server.url))).toEqual({
      code: 'ADDRESS_REFUSED',
      upstream: 'alive',
      mayRetry: false,
      address: 'http://169.254.169.254/latest',
      because: 'redirect',
    });
    expect(server.received).toBe(1);
  });

  test('that leads nowhere is not followed either', async () => {
    const server = await rawServer('HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n');
    expect(said(await send(transportOf(), server.url))).toMatchObject({ because: 'redirect', address: '' });
  });
});

describe('HttpTransport: an answer that is none', () => {
  test.each([
    ['nothing, and the end', { fault: 'close', at: 'before-headers' } as const, 'send'],
    ['nothing, and a reset', { fault: 'reset', at: 'before-headers' } as const, 'send'],
    ['headers, and a reset', { fault: 'reset', at: 'after-headers', body: 'abc' } as const, 'receive'],
    [
      'half of a body, and a reset',
      { fault: 'reset', at: 'in-body', body: 'x'.repeat(5_000) } as const,
      'receive',
    ],
    [
      'half of a body, and the end',
      { fault: 'close', at: 'in-body', body: 'x'.repeat(5_000) } as const,
      'receive',
    ],
  ])('%s: how far it had come, and a repeat only where it does no harm', async (_what, fault, phase) => {
    const server = await faultServer();
    server.script(fault);
    const transport = transportOf();
    expect(said(await send(transport, server.url))).toEqual(unreachable(phase, true));
    expect(said(await send(transport, server.url, { method: 'POST', body: 'order' }))).toEqual(
      unreachable(phase, false),
    );
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  test('fewer bytes than announced before the connection ends is truncated', async () => {
    const server = await rawServer(
      'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\nabc',
      'end',
    );
    const transport = transportOf();
    expect(said(await send(transport, server.url))).toEqual(invalid('truncated', true));
    expect(said(await send(transport, server.url, { method: 'POST' }))).toEqual(invalid('truncated', false));
  });

  test('a chunked body without its end is truncated', async () => {
    const head = 'HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n';
    const server = await rawServer(`${head}5\r\nabc`, 'end');
    expect(said(await send(transportOf(), server.url))).toEqual(invalid('truncated', true));
  });

  test('half of the headers, and the end', async () => {
    const server = await rawServer('HTTP/1.1 200 OK\r\ncontent-le', 'end');
    expect(said(await send(transportOf(), server.url))).toEqual(unreachable('receive', true));
  });

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['another protocol in binary', '\x15\x03\x01\x00\x02\x02\x16'],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('%s is no HTTP', async (_what, bytes) => {
    const server = await rawServer(bytes);
    expect(said(await send(transportOf(), server.url))).toEqual(invalid('headers', false));
  });

  test('a chunk of no size is not taken for data', async () => {
    const server = await rawServer('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n');
    expect(said(await send(transportOf(), server.url))).toEqual(invalid('encoding', false));
  });

  test('headers may be as long as is allowed, and not longer', async () => {
    const server = await faultServer();
    server.script(httpFaults.oversizedHeaders(3_000), httpFaults.oversizedHeaders(5_000), {});
    const transport = transportOf({ maxHeaderBytes: 4_000 });
    const outcomes = [];
    for (let i = 0; i < 3; i += 1) outcomes.push(said(await send(transport, server.url)));
    expect(outcomes).toEqual(['status 200', invalid('headers', false), 'status 200']);
  });

  test('an unknown coding is not taken for data, nor is a broken stream', async () => {
    const server = await faultServer();
    server.script(httpFaults.unknownEncoding({ a: 1 }), httpFaults.corruptGzip({ a: 1 }), {});
    const transport = transportOf();
    const outcomes = [];
    for (let i = 0; i < 3; i += 1) outcomes.push(said(await send(transport, server.url)));
    expect(outcomes).toEqual([invalid('encoding', false), invalid('encoding', false), 'status 200']);
  });

  test('silence is ended by the backstop', async () => {
    const server = await faultServer();
    server.script({ fault: 'hang', at: 'before-headers' }, { fault: 'hang', at: 'in-body', body: 'abcdef' });
    const transport = transportOf({ silenceTimeoutMs: 50 });
    const silent = { code: 'TIMED_OUT', upstream: 'failing', scope: 'attempt', timeoutMs: 50 };
    expect(said(await send(transport, server.url))).toEqual({ ...silent, mayRetry: true });
    expect(said(await send(transport, server.url, { method: 'POST' }))).toEqual({
      ...silent,
      mayRetry: false,
    });
  });
});

describe('HttpTransport: an answer that is too large', () => {
  const tooLarge = (limitBytes: number) => ({
    code: 'RESPONSE_TOO_LARGE',
    upstream: 'alive',
    mayRetry: false,
    limitBytes,
  });

  test.each([false, true])(
    'is refused one byte over the limit, and not at it (chunked: %s)',
    async (chunked) => {
      const server = await faultServer();
      server.script({ body: 'x'.repeat(1_000), chunked }, { body: 'x'.repeat(1_001), chunked }, {});
      const transport = transportOf({ maxResponseBytes: 1_000 });
      const outcomes = [];
      for (let i = 0; i < 3; i += 1) outcomes.push(said(await send(transport, server.url)));
      expect(outcomes).toEqual(['status 200', tooLarge(1_000), 'status 200']);
    },
  );

  test('is refused by what it announces, before any of it has come', async () => {
    const server = await rawServer('HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n');
    expect(said(await send(transportOf({ maxResponseBytes: 1_000 }), server.url))).toEqual(tooLarge(1_000));
  });

  test('is refused while it comes, when it never ends', async () => {
    const server = await faultServer();
    server.script({ fault: 'endless', body: 'x'.repeat(10_000) });
    expect(said(await send(transportOf({ maxResponseBytes: MIB }), server.url))).toEqual(tooLarge(MIB));
  });

  test('is refused while it is inflated, and memory stays flat', async () => {
    const server = await faultServer();
    server.script({ fault: 'gzip-bomb', inflatedBytes: 256 * MIB });
    const transport = transportOf({ maxResponseBytes: 2 * MIB });
    const before = process.memoryUsage().rss;
    expect(said(await send(transport, server.url))).toEqual(tooLarge(2 * MIB));
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * MIB);
  });
});

describe('HttpTransport: a request that is none', () => {
  test('is refused with nothing sent, and does the pool no harm', async () => {
    const server = await RawServer.listen((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
    });
    const transport = transportOf({ connections: 2 });
    const bad = { headers: { 'x-a': 'secret\r\nx-admin: 1' } };
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => send(transport, server.url, bad)));
    expect(new Set(outcomes.map((outcome) => JSON.stringify(said(outcome)))).size).toBe(1);
    expect(outcomes[0]).toEqual({
      ok: false,
      failure: {
        code: 'WORK_FAILED',
        upstream: 'unknown',
        mayRetry: false,
        error: expect.objectContaining({ code: 'OPTION_INVALID' }) as unknown,
      },
    });
    expect(server.opened).toBe(0);
    const good = await Promise.all(Array.from({ length: 20 }, () => send(transport, server.url)));
    expect(good.map(said)).toEqual(good.map(() => 'status 200'));
  });

  test.each(['ftp://a.b', 'https://user:secret@a.b', 'nonsense'])('is one to %s', async (origin) => {
    const outcome = await send(transportOf(), origin);
    expect(outcome).toMatchObject({ failure: { code: 'WORK_FAILED', error: { code: 'OPTION_INVALID' } } });
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });
});
