import { Agent, Pool, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FaultServer, burst, flapping } from '../../../src/testing/index.ts';
import { RawClient, eventually, faultServer, forMs } from './raw-client.ts';

async function statuses(server: FaultServer, count: number): Promise<number[]> {
  const seen = [];
  for (let i = 0; i < count; i += 1) seen.push((await fetch(server.url)).status);
  return seen;
}

async function errorOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

describe('the script', () => {
  test('goes fault by fault, the last one again and again, until there is another', async () => {
    const server = await faultServer();
    server.script({ status: 500 }, { status: 502 }, { status: 200 });
    expect(await statuses(server, 4)).toEqual([500, 502, 200, 200]);
    server.script({ status: 201 }, { status: 202 });
    expect(await statuses(server, 3)).toEqual([201, 202, 202]);
    server.script();
    expect(await statuses(server, 1)).toEqual([200]);
  });

  test('is a function of the request and its number', async () => {
    const server = await faultServer();
    server.script((asked, number) => ({ body: [asked.method, asked.url, number] }));
    const seen = [];
    for (const path of ['/a?b=1', '/c']) {
      seen.push(await (await fetch(server.url + path, { method: 'DELETE' })).json());
    }
    expect(seen).toEqual([
      ['DELETE', '/a?b=1', 1],
      ['DELETE', '/c', 2],
    ]);
  });

  test('is a burst of errors that ends', async () => {
    const server = await faultServer();
    server.script(burst(3, { status: 503 }, {}));
    expect(await statuses(server, 5)).toEqual([503, 503, 503, 200, 200]);
  });

  test('flaps: so many fine, so many not', async () => {
    const server = await faultServer();
    server.script(flapping({ up: 2, down: 1 }, { status: 503 }, {}));
    expect(await statuses(server, 7)).toEqual([200, 200, 503, 200, 200, 503, 200]);
  });
});

describe('what it saw', () => {
  test('each request, with the connection that it came on', async () => {
    const server = await faultServer();
    const pool = new Pool(server.url, { connections: 1 });
    onTestFinished(() => pool.destroy());
    for (const body of ['one', 'two']) {
      const answer = await pool.request({ path: '/orders', method: 'POST', headers: { 'x-a': '1' }, body });
      await answer.body.dump();
    }
    new RawClient(server.url).get('/raw');
    await eventually(() => server.received).toBe(3);
    expect(
      server.requests.map(({ method, url, body, connection, headers }) => [
        method,
        url,
        body,
        connection,
        headers['x-a'],
      ]),
    ).toEqual([
      ['POST', '/orders', 'one', 1, '1'],
      ['POST', '/orders', 'two', 1, '1'],
      ['GET', '/raw', '', 2, undefined],
    ]);
    expect(server.connections).toEqual({ open: 2, opened: 2 });
    await pool.destroy();
    await eventually(() => server.connections).toEqual({ open: 1, opened: 2 });
  });

  test('only the last thousand requests and 64 KiB of a body, but it counts them all', async () => {
    const server = await faultServer();
    const client = new RawClient(server.url);
    for (let number = 0; number < 1002; number += 1) client.get(`/${number}`);
    client.socket.write(
      `POST /large HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n${'x'.repeat(200_000)}`,
    );
    await eventually(() => server.requests.at(-1)?.url).toBe('/large');
    expect([server.received, server.requests.length]).toEqual([1003, 1000]);
    expect([server.requests[0]?.url, server.requests.at(-1)?.body.length]).toEqual(['/3', 65_536]);
  });

  test('not a request whose body breaks off', async () => {
    const server = await faultServer();
    const client = new RawClient(server.url);
    client.socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc');
    await eventually(() => server.received).toBe(1);
    client.socket.destroy();
    await eventually(() => server.connections.open).toBe(0);
    expect(server.requests).toEqual([]);
  });

  test('no connection of a client that has gone, whatever it was made to wait for', async () => {
    const server = await faultServer();
    server.script(
      { fault: 'hang', at: 'before-headers' },
      { fault: 'hang', at: 'in-body' },
      { fault: 'endless', everyMs: 10_000 },
      { delayMs: 10_000 },
    );
    const clients = [];
    for (let i = 0; i < 4; i += 1) {
      clients.push(new RawClient(server.url).get());
      await eventually(() => server.received).toBe(i + 1);
    }
    expect(server.connections.open).toBe(4);
    for (const { socket } of clients) socket.destroy();
    await eventually(() => server.connections).toEqual({ open: 0, opened: 4 });
  });
});

describe('an outage', () => {
  test('resets what is open, refuses what is new, and ends on the same port', async () => {
    const server = await faultServer();
    const { url } = server;
    const client = await new RawClient(url).get().arrived('}');
    await server.down();
    expect((await client.ended()).ending).toBe('ECONNRESET');
    expect(server.connections.open).toBe(0);
    expect((await new RawClient(url).ended()).ending).toBe('ECONNREFUSED');
    await server.up();
    expect([server.url, await statuses(server, 1)]).toEqual([url, [200]]);
  });

  test('may be told twice', async () => {
    const server = await faultServer();
    await server.down();
    await server.down();
    await server.up();
    await server.up();
    expect(await statuses(server, 1)).toEqual([200]);
  });

  test('closes for good, with connections open and requests in flight', async () => {
    const server = await faultServer();
    server.script({ fault: 'hang', at: 'before-headers' });
    const client = new RawClient(server.url).get();
    await eventually(() => server.received).toBe(1);
    await server.close();
    expect((await client.ended()).ending).toBe('closed');
    expect((await new RawClient(server.url).ended()).ending).toBe('ECONNREFUSED');
  });
});

describe('a connection', () => {
  test('is accepted in silence, or reset at once', async () => {
    const server = await faultServer();
    server.meet('hang');
    const silent = new RawClient(server.url).get();
    await forMs(50);
    expect([silent.text, silent.ending, server.received]).toEqual(['', 'open', 0]);
    silent.socket.end();
    await silent.ended();
    server.meet('reset');
    expect((await new RawClient(server.url).get().ended()).ending).toBe('ECONNRESET');
    server.meet('none');
    expect(await statuses(server, 1)).toEqual([200]);
  });

  test('stays open between requests until a fault closes it, which is the race that undici loses', async () => {
    const server = await faultServer();
    server.script({}, { fault: 'reset', at: 'before-headers' });
    const dispatcher = new Agent({ connections: 1 });
    onTestFinished(() => dispatcher.destroy());
    const ask = async (): Promise<string> =>
      errorOf(request(server.url, { dispatcher }).then(({ body }) => body.text()));
    expect([await ask(), await ask(), server.connections.opened]).toEqual(['none', 'ECONNRESET', 1]);
  });
});

test('options that it does not know are refused by name', async () => {
  await expect(faultServer({ tsl: 'good' } as never)).rejects.toThrow('tsl');
});
