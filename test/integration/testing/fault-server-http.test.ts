import { gunzipSync, gzipSync } from 'node:zlib';
import { Agent, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type HttpFault, httpFaults } from '../../../src/testing/index.ts';
import { RawClient, faultServer, forMs } from './raw-client.ts';

const BODY = 'x'.repeat(100);

/** What a bare socket sees of one fault. */
async function met(fault: HttpFault): Promise<RawClient> {
  const server = await faultServer();
  server.script(fault);
  return new RawClient(server.url).get();
}

/** What undici makes of one fault. */
async function asked(fault: HttpFault): Promise<{ status: number; text: string } | { code: string }> {
  const server = await faultServer();
  server.script(fault);
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  try {
    const { statusCode, body } = await request(server.url, { dispatcher });
    return { status: statusCode, text: await body.text() };
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return { code: code ?? name };
  }
}

describe('an answer', () => {
  test('is 200 with an empty JSON object, its length and the date, unless told otherwise', async () => {
    const client = await (await met({})).arrived('}');
    expect([client.head[0], ...client.head.slice(1).filter((line) => !line.startsWith('date'))]).toEqual([
      'HTTP/1.1 200 OK',
      'content-type: application/json',
      'content-length: 2',
      'Connection: keep-alive',
    ]);
    const date = client.head.find((line) => line.startsWith('date: ')) ?? '';
    expect(Math.abs(Date.parse(date.slice(6)) - Date.now())).toBeLessThan(5000);
    expect([client.body, client.ending]).toEqual(['{}', 'open']);
  });

  test('has the status, the headers and the body that it is given: text and bytes as they are, the rest as JSON', async () => {
    expect(await asked({ status: 503, body: 'later' })).toEqual({ status: 503, text: 'later' });
    expect(await asked({ body: Buffer.from([0x61, 0x62]) })).toEqual({ status: 200, text: 'ab' });
    expect(await asked({ body: [1, null] })).toEqual({ status: 200, text: '[1,null]' });
    const client = await (
      await met({ headers: { 'Content-Type': 'text/csv', 'x-a': ['1', '2'] } })
    ).arrived('}');
    expect(client.head.filter((line) => /^(content-type|x-a):/i.test(line))).toEqual([
      'Content-Type: text/csv',
      'x-a: 1',
      'x-a: 2',
    ]);
  });

  test('can repeat even the length with another value, or leave a header out', async () => {
    const client = await (
      await met({ headers: { 'content-length': ['2', '3'], 'content-type': [], date: [] } })
    ).arrived('}');
    expect(client.head).toEqual([
      'HTTP/1.1 200 OK',
      'content-length: 2',
      'content-length: 3',
      'Connection: keep-alive',
    ]);
  });

  test('comes after its delay, and not before', async () => {
    const began = performance.now();
    await (await met({ delayMs: 120 })).arrived('}');
    expect(performance.now() - began).toBeGreaterThanOrEqual(115);
  });

  test('is dated ahead of the clock or behind it', async () => {
    const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
    const server = await faultServer({}, { clock: clockAt(nowMs) });
    server.script({ dateOffsetMs: 3_600_000 }, { dateOffsetMs: -5_000 });
    const dates = [];
    for (let i = 0; i < 2; i += 1) dates.push((await fetch(server.url)).headers.get('date'));
    expect(dates).toEqual(['Fri, 02 Jan 2026 04:04:05 GMT', 'Fri, 02 Jan 2026 03:04:00 GMT']);
  });

  test('can be sent in chunks', async () => {
    const client = await (await met({ chunked: true })).arrived('0\r\n\r\n');
    expect(client.head).toContain('Transfer-Encoding: chunked');
    expect(client.head.filter((line) => line.startsWith('content-length'))).toEqual([]);
    expect(client.body).toBe('2\r\n{}\r\n0\r\n\r\n');
  });

  test.each(['close', 'reset'] as const)(
    'is whole, promises to keep the connection, and then comes a %s',
    async (afterwards) => {
      const client = await (await met({ afterwards })).ended();
      expect(client.head).toContain('Connection: keep-alive');
      expect([client.body, client.ending]).toEqual(['{}', afterwards === 'close' ? 'closed' : 'ECONNRESET']);
    },
  );
});

describe('an answer that stops', () => {
  const faults = (fault: 'hang' | 'reset' | 'close') =>
    (['before-headers', 'after-headers', 'in-body'] as const).map(
      (at) => ({ fault, at, body: BODY }) as const,
    );

  test.each(faults('reset'))('with a reset $at', async (fault) => {
    const client = await (await met(fault)).ended();
    expect([client.body.length, client.ending]).toEqual([fault.at === 'in-body' ? 50 : 0, 'ECONNRESET']);
    expect(client.text === '').toBe(fault.at === 'before-headers');
  });

  test.each(faults('close'))('with a clean close $at', async (fault) => {
    const client = await (await met(fault)).ended();
    expect([client.body.length, client.ending]).toEqual([fault.at === 'in-body' ? 50 : 0, 'closed']);
    expect(client.text === '').toBe(fault.at === 'before-headers');
    expect(client.head.includes('content-length: 100')).toBe(fault.at !== 'before-headers');
  });

  test.each(faults('hang'))('and hangs $at', async (fault) => {
    const client = await met(fault);
    if (fault.at !== 'before-headers') await client.arrived('\r\n\r\n');
    if (fault.at === 'in-body') await client.arrived('x'.repeat(50));
    await forMs(60);
    expect([client.body.length, client.ending]).toEqual([fault.at === 'in-body' ? 50 : 0, 'open']);
    expect(client.text === '').toBe(fault.at === 'before-headers');
  });

  test('in the middle of a chunked body, without the last chunk', async () => {
    const client = await (await met({ fault: 'close', at: 'in-body', chunked: true, body: BODY })).ended();
    expect([client.body, client.ending]).toEqual([`32\r\n${'x'.repeat(50)}\r\n`, 'closed']);
  });

  test('is what undici calls an error', async () => {
    expect(await asked({ fault: 'reset', at: 'before-headers' })).toEqual({ code: 'ECONNRESET' });
    expect(await asked({ fault: 'close', at: 'in-body', body: BODY })).toEqual({ code: 'UND_ERR_SOCKET' });
  });
});

describe('a length that is wrong', () => {
  test('too long: the whole body, and the client waits for more', async () => {
    const client = await (await met({ fault: 'wrong-length', contentLength: 5 })).arrived('{}');
    await forMs(30);
    expect(client.head).toContain('content-length: 5');
    expect([client.body, client.ending]).toEqual(['{}', 'open']);
  });

  test('too short: bytes after the end of the body', async () => {
    const client = await (await met({ fault: 'wrong-length', contentLength: 1, body: 'ab' })).arrived('ab');
    expect(client.head).toContain('content-length: 1');
  });
});

describe('a body', () => {
  test('drips in pieces of so many bytes', async () => {
    const began = performance.now();
    const client = await met({ fault: 'drip', bytes: 2, everyMs: 40, body: 'abcde' });
    await client.arrived('ab');
    expect(client.body).toBe('ab');
    await client.arrived('cd');
    expect(client.body).toBe('abcd');
    await client.arrived('e$');
    expect(client.body).toBe('abcde');
    expect(performance.now() - began).toBeGreaterThanOrEqual(75);
  });

  test('never ends', async () => {
    const client = await met({ fault: 'endless', body: 'ab', everyMs: 5 });
    await client.arrived(/(2\r\nab\r\n){4}/);
    expect(client.head).toContain('Transfer-Encoding: chunked');
    expect(client.ending).toBe('open');
  });

  test('that never ends waits for a client that does not read', async () => {
    const server = await faultServer();
    server.script({ fault: 'endless', body: Buffer.alloc(1_000_000) });
    const client = new RawClient(server.url).get();
    client.socket.once('data', () => client.socket.pause());
    await forMs(100);
    const before = process.memoryUsage().rss;
    await forMs(200);
    expect(process.memoryUsage().rss - before).toBeLessThan(30e6);
  });

  test('is a gzip bomb that inflates to what was said, checksum and all', async () => {
    const inflatedBytes = 5_000_001;
    const server = await faultServer();
    server.script({ fault: 'gzip-bomb', inflatedBytes });
    const { headers, body } = await request(server.url);
    const wire = Buffer.from(await body.arrayBuffer());
    expect(headers['content-encoding']).toBe('gzip');
    expect(wire.length).toBeLessThan(inflatedBytes / 900);
    const inflated = gunzipSync(wire);
    expect([inflated.length, inflated.every((byte) => byte === 0)]).toEqual([inflatedBytes, true]);
  });

  test('is a gzip bomb of 256 MiB, for which the server needs no memory', async () => {
    const server = await faultServer();
    server.script({ fault: 'gzip-bomb', inflatedBytes: 2 ** 28 });
    const before = process.memoryUsage().rss;
    const { body } = await request(server.url);
    let wireBytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) wireBytes += chunk.length;
    expect(wireBytes).toBeLessThan(280_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(30e6);
  });
});

describe('httpFaults', () => {
  test('asks to come back later, in seconds or at a date', async () => {
    const server = await faultServer();
    const at = new Date(Date.UTC(2026, 10, 21, 14, 0, 0));
    server.script(
      httpFaults.comeBackLater({ retryAfter: 7 }),
      httpFaults.comeBackLater({ status: 418, retryAfter: at }),
    );
    const seen = [];
    for (let i = 0; i < 2; i += 1) {
      const { status, headers } = await fetch(server.url);
      seen.push([status, headers.get('retry-after')]);
    }
    expect(seen).toEqual([
      [429, '7'],
      [418, 'Sat, 21 Nov 2026 14:00:00 GMT'],
    ]);
  });

  test('sends JSON that breaks off, and a page where JSON was asked for', async () => {
    const server = await faultServer();
    server.script(httpFaults.garbageJson(), httpFaults.wrongContentType());
    const garbage = await fetch(server.url);
    expect(garbage.headers.get('content-type')).toBe('application/json');
    await expect(garbage.json()).rejects.toThrow(SyntaxError);
    const page = await fetch(server.url);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  });

  test('leads to a private address', async () => {
    const server = await faultServer();
    server.script(httpFaults.redirect(), httpFaults.redirect('http://10.0.0.1/', 307));
    const seen = [];
    for (let i = 0; i < 2; i += 1) {
      const { status, headers } = await fetch(server.url, { redirect: 'manual' });
      seen.push([status, headers.get('location')]);
    }
    expect(seen).toEqual([
      [302, 'http://169.254.169.254/latest/meta-data/'],
      [307, 'http://10.0.0.1/'],
    ]);
  });

  test('sends gzip that is damaged, and an encoding that nobody knows', async () => {
    const server = await faultServer();
    server.script(httpFaults.corruptGzip({ a: 1 }), httpFaults.unknownEncoding('uryyb'));
    const damaged = await request(server.url);
    const bytes = Buffer.from(await damaged.body.arrayBuffer());
    expect(damaged.headers['content-encoding']).toBe('gzip');
    expect(bytes.length).toBe(gzipSync('{"a":1}').length);
    expect(() => gunzipSync(bytes)).toThrow('incorrect data check');
    const unknown = await request(server.url);
    expect([unknown.headers['content-encoding'], await unknown.body.text()]).toEqual(['x-rot13', 'uryyb']);
  });

  test('sends headers beyond what a client takes', async () => {
    const client = await (await met(httpFaults.oversizedHeaders(100_000))).arrived('}');
    expect(client.head).toContain(`x-padding: ${'a'.repeat(100_000)}`);
    expect(await asked(httpFaults.oversizedHeaders(100_000))).toEqual({ code: 'UND_ERR_HEADERS_OVERFLOW' });
  });

  test('speaks another protocol', async () => {
    const client = await (await met(httpFaults.notHttp())).ended();
    expect([client.text, client.ending]).toEqual(['SSH-2.0-OpenSSH_9.2p1\r\n', 'closed']);
    expect(await asked(httpFaults.notHttp())).toEqual({ code: 'HTTPParserError' });
  });
});

const clockAt = (nowMs: number) => ({
  nowMs: () => nowMs,
  monotonicMs: () => 0,
  sleep: () => Promise.resolve(),
  every: () => ({ [Symbol.dispose]: () => {} }),
  deadline: () => ({ [Symbol.dispose]: () => {} }),
  turn: () => Promise.resolve(),
});
