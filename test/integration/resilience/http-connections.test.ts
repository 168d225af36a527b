import { describe, expect, test } from 'vitest';
import { ManualClock, SystemClock } from '../../../src/core/index.ts';
import type { Lookup } from '../../../src/resilience/index.ts';
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

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';
const clock = new SystemClock();

/** Names that lead where the test says. */
const zoneOf =
  (zone: Record<string, readonly string[]>, asked: string[] = []): Lookup =>
  async (hostname) => {
    asked.push(hostname);
    return (zone[hostname] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };

describe('HttpTransport: connections', () => {
  test('are used again', async () => {
    const server = await rawServer(OK);
    const transport = transportOf();
    for (let i = 0; i < 20; i += 1) {
      await send(transport, server.url);
      await clock.turn();
      await clock.turn();
    }
    expect(server.opened).toBe(1);
    expect(transport.stats()).toEqual({ inFlight: 0, waiting: 0, connected: 1, idle: 1 });
  });

  test('are at most as many per origin as is said, and the rest waits', async () => {
    const gate: (() => void)[] = [];
    const server = await RawServer.listen((socket) => {
      gate.push(() => socket.write(OK));
    });
    const transport = transportOf({ connections: 3 });
    const outcomes = Array.from({ length: 10 }, () => send(transport, server.url));
    await until(() => gate.length === 3);
    expect(transport.stats()).toEqual({ inFlight: 10, waiting: 7, connected: 3, idle: 0 });
    const answering = setInterval(() => gate.shift()?.(), 1);
    expect((await Promise.all(outcomes)).map(said)).toEqual(outcomes.map(() => 'status 200'));
    clearInterval(answering);
    expect(server.mostOpen).toBe(3);
  });

  test('are 16 per origin by default', async () => {
    const server = await RawServer.listen(() => undefined);
    const transport = transportOf();
    const outcomes = Array.from({ length: 40 }, () => send(transport, server.url));
    await until(() => server.opened === 16);
    await clock.sleep(30);
    expect(server.opened).toBe(16);
    await transport.close();
    await Promise.all(outcomes);
  });

  test('of one origin do not wait for those of another', async () => {
    const [silent, server] = [await RawServer.listen(() => undefined), await rawServer(OK)];
    const transport = transportOf({ connections: 1 });
    const never = send(transport, silent.url);
    expect(said(await send(transport, server.url))).toBe('status 200');
    await transport.close();
    await never;
  });

  test('that are old take no further request', async () => {
    const server = await rawServer(OK);
    const transport = transportOf({ connectionMaxAgeMs: 50 });
    await send(transport, server.url);
    await clock.sleep(60);
    await send(transport, server.url);
    expect(server.opened).toBe(2);
  });

  test('that are idle are given up', async () => {
    const server = await rawServer(OK);
    const transport = transportOf({ keepAliveMs: 30 });
    await send(transport, server.url);
    await until(() => server.sockets.size === 0);
    expect(transport.stats()).toMatchObject({ connected: 0 });
  });

  test('refused, nothing was sent, and any method may be repeated', async () => {
    const server = await faultServer();
    await server.down();
    const transport = transportOf();
    const refused = { code: 'UPSTREAM_UNREACHABLE', upstream: 'failing', mayRetry: true, phase: 'connect' };
    const outcomes = [
      await send(transport, server.url),
      await send(transport, server.url, { method: 'POST' }),
    ];
    expect(outcomes.map(said)).toEqual([refused, refused]);
    await server.up();
    expect(said(await send(transport, server.url))).toBe('status 200');
  });

  test('refused for many at once, all of them hear of it', async () => {
    const server = await faultServer();
    await server.down();
    const transport = transportOf({ connections: 2 });
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => send(transport, server.url)));
    expect(outcomes.every((outcome) => !outcome.ok && outcome.failure.code === 'UPSTREAM_UNREACHABLE')).toBe(
      true,
    );
    expect(transport.stats()).toEqual({ inFlight: 0, waiting: 0, connected: 0, idle: 0 });
  });

  test('to a name that is not there, nothing was sent', async () => {
    const outcome = await send(transportOf({}, { lookup: zoneOf({}) }), 'http://nobody.test');
    expect(outcome).toMatchObject({
      failure: {
        code: 'UPSTREAM_UNREACHABLE',
        phase: 'connect',
        mayRetry: true,
        error: { code: 'ENOTFOUND' },
      },
    });
  });

  test('whose lookup hangs are given up in time', async () => {
    const lookup: Lookup = () => new Promise(() => undefined);
    const outcome = await send(transportOf({ connectTimeoutMs: 40 }, { lookup }), 'http://slow.test');
    expect(outcome).toMatchObject({
      failure: {
        code: 'UPSTREAM_UNREACHABLE',
        phase: 'connect',
        mayRetry: true,
        error: { code: 'ETIMEDOUT', message: 'no connection to slow.test within 40 ms' },
      },
    });
  });

  test('whose lookup throws what is no error are not made', async () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    const lookup: Lookup = () => Promise.reject('out of order');
    const outcome = await send(transportOf({}, { lookup }), 'http://odd.test');
    expect(outcome).toMatchObject({ failure: { phase: 'connect', error: { message: 'out of order' } } });
  });

  test('whose TLS never begins are given up in time, and closed', async () => {
    const server = await RawServer.listen(() => undefined);
    const transport = transportOf({ connectTimeoutMs: 60 });
    const outcome = await send(transport, server.url.replace('http:', 'https:'));
    expect(outcome).toMatchObject({
      failure: { code: 'UPSTREAM_UNREACHABLE', phase: 'connect', mayRetry: true },
    });
    await until(() => server.sockets.size === 0);
  });

  test('leave no timer behind, made or not', async () => {
    const [manual, server, gone] = [new ManualClock(), await rawServer(OK), await faultServer()];
    await gone.down();
    const transport = transportOf({}, { clock: manual });
    expect(said(await send(transport, server.url))).toBe('status 200');
    expect(said(await send(transport, gone.url))).toMatchObject({ phase: 'connect' });
    expect(manual.nextDueMs).toBe(Infinity);
  });

  test('closed while idle cost a GET nothing but a repeat, and a POST is not sent twice', async () => {
    // It closes as soon as the second request has arrived on a connection: what a server does whose patience has ended.
    const server = await RawServer.listen((socket) => {
      if (socket.bytesWritten === 0) socket.write(OK);
      else socket.resetAndDestroy();
    });
    const transport = transportOf({ connections: 1 });
    await send(transport, server.url);
    const get = await send(transport, server.url);
    expect(said(get)).toEqual({
      code: 'UPSTREAM_UNREACHABLE',
      upstream: 'failing',
      mayRetry: true,
      phase: 'send',
    });
    await send(transport, server.url);
    const post = await send(transport, server.url, { method: 'POST', body: 'order' });
    expect(said(post)).toMatchObject({ mayRetry: false, phase: 'send' });
    expect(server.received.filter((text) => text.includes('order'))).toHaveLength(1);
  });

  test('closed by the server between two requests are noticed, whenever it is', async () => {
    const server = await faultServer();
    server.script({ afterwards: 'close' });
    const transport = transportOf({ connections: 2 });
    const outcomes = new Set<string>();
    for (let i = 0; i < 300; i += 1) {
      const outcome = await send(transport, server.url);
      outcomes.add(outcome.ok ? 'ok' : `${outcome.failure.code} ${outcome.failure.mayRetry}`);
      if (i % 3 === 0) await clock.turn();
    }
    outcomes.delete('ok');
    outcomes.delete('UPSTREAM_UNREACHABLE true');
    expect([...outcomes]).toEqual([]);
  });
});

describe('HttpTransport: names', () => {
  const HERE = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;

  /** One server per address, all on one port. */
  async function serversOn(addresses: readonly string[]): Promise<{ port: number; servers: RawServer[] }> {
    const servers: RawServer[] = [];
    let port = 0;
    for (const address of addresses) {
      const server = await RawServer.listen((socket) => socket.end(OK), address, port);
      port = server.port;
      servers.push(server);
    }
    return { port, servers };
  }

  test('have their addresses used in turn', async () => {
    const { port, servers } = await serversOn(HERE);
    const transport = transportOf({}, { lookup: zoneOf({ 'x.test': HERE }) });
    for (let i = 0; i < 9; i += 1) await send(transport, `http://x.test:${port}`);
    expect(servers.map(({ opened }) => opened)).toEqual([3, 3, 3]);
    expect(servers[0]?.received[0]).toContain(`host: x.test:${port}\r\n`);
  });

  test('have a dead address passed over', async () => {
    const { port, servers } = await serversOn(HERE.slice(0, 2));
    const transport = transportOf({}, { lookup: zoneOf({ 'x.test': HERE }) });
    const outcomes = [];
    for (let i = 0; i < 9; i += 1) outcomes.push(said(await send(transport, `http://x.test:${port}`)));
    expect(outcomes).toEqual(outcomes.map(() => 'status 200'));
    expect(servers.map(({ opened }) => opened).reduce((sum, opened) => sum + opened)).toBe(9);
  });

  test('have an address that was dead tried last for as long as an answer holds', async () => {
    const [dead, live] = HERE;
    const { port, servers } = await serversOn([live]);
    const transport = transportOf({}, { lookup: zoneOf({ 'x.test': [dead, live] }) });
    await send(transport, `http://x.test:${port}`);
    const risen = await RawServer.listen((socket) => socket.end(OK), dead, port);
    for (let i = 0; i < 4; i += 1) await send(transport, `http://x.test:${port}`);
    expect([risen.opened, servers[0]?.opened]).toEqual([0, 5]);
  });

  test('get new addresses when the old ones are over', async () => {
    const { port, servers } = await serversOn(HERE.slice(0, 2));
    const zone = { 'x.test': ['127.0.0.1'] };
    const transport = transportOf({ dnsTtlMs: 40 }, { lookup: zoneOf(zone) });
    await send(transport, `http://x.test:${port}`);
    zone['x.test'] = ['127.0.0.2'];
    await send(transport, `http://x.test:${port}`);
    await clock.sleep(50);
    await send(transport, `http://x.test:${port}`);
    expect(servers.map(({ opened }) => opened)).toEqual([2, 1]);
  });

  test('are asked for once more when none of their addresses took a connection', async () => {
    const { port } = await serversOn(['127.0.0.1']);
    const asked: string[] = [];
    const zone = { 'x.test': ['127.0.0.2'] };
    const transport = transportOf({}, { lookup: zoneOf(zone, asked) });
    expect(said(await send(transport, `http://x.test:${port}`))).toMatchObject({ phase: 'connect' });
    zone['x.test'] = ['127.0.0.1'];
    expect(said(await send(transport, `http://x.test:${port}`))).toBe('status 200');
    expect(asked).toHaveLength(2);
  });
});

describe('HttpTransport: private addresses', () => {
  const refused = (address: string) => ({
    code: 'ADDRESS_REFUSED',
    upstream: 'unknown',
    mayRetry: false,
    address,
    because: 'private-address',
  });

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['0x7f.0.0.1', '127.0.0.1'],
    ['017700000001', '127.0.0.1'],
    ['127.0.0.1.', '127.0.0.1'],
    ['[::1]', '::1'],
    ['[::ffff:127.0.0.1]', '::ffff:7f00:1'],
    ['[64:ff9b::7f00:1]', '64:ff9b::7f00:1'],
    ['169.254.169.254', '169.254.169.254'],
  ])('written as %s are not asked', async (host, address) => {
    const server = await rawServer(OK);
    const transport = transportOf({ allowPrivateAddresses: false });
    expect(said(await send(transport, `http://${host}:${server.port}`))).toEqual(refused(address));
    expect(said(await send(transport, `https://${host}:${server.port}`))).toEqual(refused(address));
    expect(server.opened).toBe(0);
  });

  test('behind a name are not asked, whether it leads to IPv4 or IPv6', async () => {
    const server = await rawServer(OK);
    const lookup = zoneOf({ 'x.test': ['127.0.0.1', '::1'], localhost: ['127.0.0.1'] });
    const transport = transportOf({ allowPrivateAddresses: false }, { lookup });
    expect(said(await send(transport, `http://x.test:${server.port}`))).toEqual(refused('127.0.0.1, ::1'));
    expect(said(await send(transport, `http://localhost:${server.port}`))).toEqual(refused('127.0.0.1'));
    expect(server.opened).toBe(0);
  });

  test('are not asked when a name leads there the second time', async () => {
    const server = await rawServer(OK.replace('200 OK', '200 OK\r\nconnection: close'), 'end');
    const zone = { 'x.test': ['127.0.0.1'] };
    const transport = transportOf(
      { allowPrivateAddresses: ['127.0.0.1/32'], dnsTtlMs: 0 },
      { lookup: zoneOf(zone) },
    );
    expect(said(await send(transport, `http://x.test:${server.port}`))).toBe('status 200');
    zone['x.test'] = ['127.0.0.2'];
    expect(said(await send(transport, `http://x.test:${server.port}`))).toEqual(refused('127.0.0.2'));
  });

  test('are passed over where a name has others', async () => {
    const server = await rawServer(OK);
    const lookup = zoneOf({ 'x.test': ['127.0.0.9', '10.0.0.1', '127.0.0.1'] });
    const transport = transportOf({ allowPrivateAddresses: ['127.0.0.1/32'] }, { lookup });
    expect(said(await send(transport, `http://x.test:${server.port}`))).toBe('status 200');
  });
});

describe('HttpTransport: an abort', () => {
  test('before the request sends nothing', async () => {
    const server = await rawServer(OK);
    const outcome = await send(transportOf(), server.url, {}, callOf({ signal: AbortSignal.abort('over') }));
    expect(outcome).toMatchObject({ failure: { code: 'ABORTED', reason: 'over', mayRetry: false } });
    expect(server.opened).toBe(0);
  });

  test.each([
    ['while it waits for an answer', ''],
    ['while the headers come', 'HTTP/1.1 200 OK\r\nconte'],
    ['while the body comes', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'],
  ])('%s ends it within the tick, and its connection', async (_when, bytes) => {
    const server = await RawServer.listen((socket) => socket.write(bytes === '' ? '' : bytes));
    const transport = transportOf({ connections: 1 });
    const controller = new AbortController();
    const call = callOf({ signal: controller.signal });
    const outcome = send(transport, server.url, {}, call);
    await until(() => server.received[0]?.includes('\r\n\r\n') === true);
    await clock.sleep(10);
    let said: unknown;
    void outcome.then((value) => {
      said = value;
    });
    controller.abort('over');
    await Promise.resolve();
    await Promise.resolve();
    expect(said).toEqual({
      ok: false,
      failure: expect.objectContaining({ code: 'ABORTED', reason: 'over' }) as unknown,
    });
    expect(call.stats.workMs).toBeGreaterThan(5);
    expect(transport.stats().inFlight).toBe(0);
    await until(() => server.sockets.size === 0);
  });

  test('while it waits for a connection ends it, and costs no connection', async () => {
    const gate: (() => void)[] = [];
    const server = await RawServer.listen((socket) => {
      gate.push(() => socket.write(OK));
    });
    const transport = transportOf({ connections: 1 });
    const first = send(transport, server.url);
    const controller = new AbortController();
    const others = Array.from({ length: 20 }, () =>
      send(transport, server.url, {}, callOf({ signal: controller.signal })),
    );
    const last = send(transport, server.url);
    await until(() => gate.length === 1);
    controller.abort();
    expect((await Promise.all(others)).every((one) => !one.ok && one.failure.code === 'ABORTED')).toBe(true);
    gate.shift()?.();
    expect(said(await first)).toBe('status 200');
    await until(() => gate.length === 1);
    gate.shift()?.();
    expect(said(await last)).toBe('status 200');
    expect(server.opened).toBe(1);
    expect(server.received[0]?.match(/GET/g)).toHaveLength(2);
  });

  test('while it connects ends it', async () => {
    const controller = new AbortController();
    const transport = transportOf({}, { lookup: () => new Promise(() => undefined) });
    const outcome = send(transport, 'http://slow.test', {}, callOf({ signal: controller.signal }));
    controller.abort();
    expect(said(await outcome)).toMatchObject({ code: 'ABORTED' });
  });

  test('leaves the pool able to work, however many there are', async () => {
    const server = await faultServer();
    server.script((_asked, number) => (number % 2 === 0 ? {} : { fault: 'hang', at: 'before-headers' }));
    const transport = transportOf({ connections: 4 });
    for (let i = 0; i < 50; i += 1) {
      const controller = new AbortController();
      const outcomes = Array.from({ length: 8 }, () =>
        send(transport, server.url, {}, callOf({ signal: controller.signal })),
      );
      await clock.sleep(2);
      controller.abort();
      await Promise.all(outcomes);
    }
    server.script({});
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => send(transport, server.url)));
    expect(outcomes.map(said)).toEqual(outcomes.map(() => 'status 200'));
    expect(server.connections.open).toBeLessThanOrEqual(4);
    expect(transport.stats()).toMatchObject({ inFlight: 0, waiting: 0 });
  });
});

describe('HttpTransport: a signal that lives long', () => {
  test('has no listener left after 10,000 requests, and no more than are in flight in between', async () => {
    const server = await rawServer(OK);
    const transport = transportOf();
    const { signal } = new AbortController();
    let listeners = 0;
    let most = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      most = Math.max(most, ++listeners);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const lane = async (): Promise<void> => {
      for (let i = 0; i < 1_250; i += 1) await send(transport, server.url, {}, callOf({ signal }));
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    expect([listeners, most]).toEqual([0, 8]);
    expect(server.opened).toBeLessThanOrEqual(16);
  });

  test('may be shared by a thousand at a time without a warning', async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): void => {
      warnings.push(warning);
    };
    process.on('warning', warn);
    const server = await rawServer(OK);
    const transport = transportOf();
    const { signal } = new AbortController();
    await Promise.all(
      Array.from({ length: 1_000 }, () => send(transport, server.url, {}, callOf({ signal }))),
    );
    await clock.sleep(5);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
    expect(server.opened).toBe(16);
  });
});

describe('HttpTransport.close', () => {
  const stopped = expect.objectContaining({
    code: 'ABORTED',
    mayRetry: false,
    reason: expect.objectContaining({ code: 'SERVICE_STOPPED' }) as unknown,
  }) as unknown;

  test('ends what is in flight, what waits and what comes later, and every connection', async () => {
    const server = await RawServer.listen(() => undefined);
    const transport = transportOf({ connections: 2 });
    const outcomes = Array.from({ length: 5 }, () => send(transport, server.url));
    await until(() => server.sockets.size === 2);
    await Promise.all([transport.close(), transport.close()]);
    expect((await Promise.all(outcomes)).map(said)).toEqual(outcomes.map(() => stopped));
    expect(said(await send(transport, server.url))).toEqual(stopped);
    expect(transport.stats()).toEqual({ inFlight: 0, waiting: 0, connected: 0, idle: 0 });
    await until(() => server.sockets.size === 0);
  });

  test('ends what is still connecting', async () => {
    const server = await RawServer.listen(() => undefined);
    const transport = transportOf();
    const outcome = send(transport, server.url.replace('http:', 'https:'));
    await until(() => server.sockets.size === 1);
    await transport.close();
    expect(said(await outcome)).toEqual(stopped);
    await until(() => server.sockets.size === 0);
  });

  test('ends idle connections', async () => {
    const server = await rawServer(OK);
    const transport = transportOf();
    await send(transport, server.url);
    await transport.close();
    await until(() => server.sockets.size === 0);
  });
});
