import { afterEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../../src/core/index.ts';
import { FaultServer } from '../../../src/testing/index.ts';
import { FeedOnSockets, frameOf } from './support/feed-on-sockets.ts';

const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function serverOf(...args: Parameters<typeof FaultServer.listen>): Promise<FaultServer> {
  const server = await FaultServer.listen(...args);
  server.webSockets.script({ reply: () => frameOf('a', 1) });
  open.push(server);
  return server;
}

function feedOf(...args: ConstructorParameters<typeof FeedOnSockets>): FeedOnSockets {
  const feed = new FeedOnSockets(...args);
  open.push(feed);
  return feed.start();
}

describe('ResilientFeed on real sockets', () => {
  test('connects, subscribes, delivers, and leaves no socket', async () => {
    const server = await serverOf();
    const world = feedOf(server.wsUrl);
    await world.until(() => world.numbers.length === 1);
    server.webSockets.send(frameOf('a', 2, 3));
    server.webSockets.send(Buffer.from(frameOf('a', 4)));
    await world.until(() => world.numbers.length === 4);
    expect(world.numbers).toEqual([1, 2, 3, 4]);
    expect(server.webSockets.messages.map(({ text }) => text)).toEqual([
      '{"op":"subscribe","channels":["a"]}',
    ]);
    await world.feed.stop();
    await world.until(() => server.connections.open === 0);
    expect(world.states.map(({ kind }) => kind)).toEqual(['connecting', 'open', 'stopped']);
  });

  test('answers the pings of the server, and sends its own', async () => {
    const server = await serverOf();
    const world = feedOf(server.wsUrl, { heartbeat: { intervalMs: 20, pongTimeoutMs: 2_000 } });
    await world.until(() => world.numbers.length === 1);
    server.webSockets.ping();
    await world.until(() => server.webSockets.pongs === 1 && server.webSockets.pings >= 3);
    expect(world.feed.status().state.kind).toBe('open');
  });

  test('an outage: it comes back by itself, subscribes again and tells what it missed', async () => {
    const server = await serverOf();
    const world = feedOf(server.wsUrl);
    await world.until(() => world.numbers.length === 1);
    await server.down();
    await world.until(() => world.reasons.includes('connect-failed'));
    server.webSockets.script({ reply: () => frameOf('a', 5) });
    await server.up();
    await world.until(() => world.numbers.length === 2);
    expect(world.gaps).toEqual([{ channel: 'a', because: 'sequence', expected: 2, got: 5 }]);
    expect(server.webSockets.subscriptions).toBe(2);
  });

  test.each([
    ['a close frame', { step: 'close', code: 1012, reason: 'restart' }, 'closed with code 1012: restart'],
    ['the end of the connection', { step: 'drop', how: 'close' }, 'closed with code 1006'],
    ['a reset', { step: 'drop', how: 'reset' }, 'closed with code 1006'],
  ] as const)('comes back after %s', async (_, step, detail) => {
    const server = await serverOf();
    server.webSockets.script(
      { reply: () => undefined, steps: [{ step: 'await-messages', count: 1 }, step] },
      { reply: () => frameOf('a', 1) },
    );
    const world = feedOf(server.wsUrl);
    await world.until(() => world.numbers.length === 1);
    expect(world.reasons).toEqual(['closed']);
    expect(world.details[0]).toContain(detail);
  });

  test.each([
    ['hangs', { handshake: 'hang' }, 'connect-timeout'],
    ['is reset', { handshake: 'reset' }, 'connect-failed'],
    ['is answered with 503', { handshake: 'refuse', status: 503 }, 'connect-failed'],
    [
      'is redirected',
      { handshake: 'refuse', status: 302, headers: { location: 'ws://127.0.0.1:1/' } },
      'connect-failed',
    ],
  ] as const)('comes back when the handshake %s', async (_, fault, because) => {
    const server = await serverOf();
    server.webSockets.script(fault, { reply: () => frameOf('a', 1) });
    const world = feedOf(server.wsUrl, { connectTimeoutMs: 300 });
    await world.until(() => world.numbers.length === 1);
    expect(world.reasons).toEqual([because]);
    expect(server.webSockets.handshakes.length).toBe(2);
  });

  test('a server that accepts and then says nothing, before HTTP', async () => {
    const server = await serverOf();
    server.meet('hang');
    const world = feedOf(server.wsUrl, { connectTimeoutMs: 200 });
    await world.until(() => world.reasons.includes('connect-timeout'));
    server.meet('none');
    await world.until(() => world.numbers.length === 1);
  });

  test.each([
    { status: 403, headers: {}, because: 'refused', waitMs: 30_000 },
    { status: 429, headers: { 'retry-after': '7' }, because: 'connect-failed', waitMs: 7_000 },
    { status: 503, headers: { 'retry-after': '2' }, because: 'connect-failed', waitMs: 2_000 },
  ])(
    'a handshake answered with $status is not tried before $waitMs ms',
    async ({ status, headers, because, waitMs }) => {
      const server = await serverOf();
      server.webSockets.script({ handshake: 'refuse', status, headers });
      const world = feedOf(server.wsUrl, { reconnect: {} });
      await world.until(() => world.reasons.length > 0);
      const { state } = world.feed.status();
      const leftMs = state.kind === 'waiting' ? state.untilMs - new SystemClock().nowMs() : NaN;
      expect(leftMs).toBeGreaterThan(waitMs - 1_000);
      expect(leftMs).toBeLessThanOrEqual(waitMs);
      expect(world.reasons).toEqual([because]);
      expect(world.details).toEqual([`the handshake was answered with status ${status}`]);
      expect(server.connections.opened).toBe(1);
    },
  );

  test('stop while the handshake hangs ends it at once', async () => {
    const server = await serverOf();
    server.webSockets.script({ handshake: 'hang' });
    const world = feedOf(server.wsUrl, { connectTimeoutMs: 60_000 });
    await world.until(() => server.webSockets.handshakes.length === 1);
    await world.feed.stop();
    await world.until(() => server.connections.open === 0);
  });

  test('flapping: each connection delivers and dies; none is left over, and no listener', async () => {
    const server = await serverOf();
    let n = 0;
    server.webSockets.script(() => ({
      reply: () => frameOf('a', (n += 1)),
      steps: [
        { step: 'await-messages', count: 1 },
        { step: 'wait', ms: 5 },
        { step: 'drop', how: 'close' },
      ],
    }));
    const world = feedOf(server.wsUrl, {
      reconnect: { baseDelayMs: 1, maxDelayMs: 1, maxConnects: 1_000, connectWindowMs: 1 },
    });
    await world.until(() => world.numbers.length >= 100, 20_000);
    expect(world.gaps).toEqual([]);
    expect(world.numbers).toEqual(Array.from(world.numbers, (_, at) => at + 1));
    await world.feed.stop();
    await world.until(() => server.connections.open === 0);
  });
});

describe('ResilientFeed and whom it talks to', () => {
  test('trusts the authority it is given', async () => {
    const server = await serverOf({ tls: 'good' });
    const world = feedOf(server.wsUrl, { socket: { tls: { ca: server.ca } } });
    await world.until(() => world.numbers.length === 1);
  });

  test.each(['self-signed', 'expired', 'wrong-name', 'unknown-issuer'] as const)(
    'never opens to a certificate that is %s',
    async (kind) => {
      const server = await serverOf({ tls: kind });
      const world = feedOf(server.wsUrl, { socket: { tls: { ca: server.ca } } });
      await world.until(() => world.reasons.length >= 2);
      expect(new Set(world.reasons)).toEqual(new Set(['connect-failed']));
      expect(server.webSockets.handshakes).toEqual([]);
    },
  );

  test('shows its own certificate where one is required', async () => {
    const server = await serverOf({ tls: 'good', clientCertificates: 'required' });
    const without = feedOf(server.wsUrl, { socket: { tls: { ca: server.ca } } });
    await without.until(() => without.reasons.length > 0);
    const { cert, key } = server.clientCertificate() ?? { cert: '', key: '' };
    const world = feedOf(server.wsUrl, { socket: { tls: { ca: server.ca, cert, key } } });
    await world.until(() => world.numbers.length === 1);
    expect(without.numbers).toEqual([]);
  });

  test.each(['127.0.0.1', 'localhost', '[::1]', '0x7f.1', '[::ffff:127.0.0.1]'])(
    'does not ask %s unless it is allowed',
    async (host) => {
      const server = await serverOf();
      const url = server.wsUrl.replace('127.0.0.1', host);
      const world = feedOf(url, { socket: { allowPrivateAddresses: false } });
      await world.until(() => world.reasons.length > 0);
      expect(new Set(world.reasons)).toEqual(new Set(['connect-failed']));
      expect(world.details[0]).toMatch(/may not be asked/);
      expect(server.connections.opened).toBe(0);
    },
  );

  test('a public name that leads to a private address is refused; a network that is allowed is not', async () => {
    const server = await serverOf();
    const url = server.wsUrl.replace('127.0.0.1', 'stream.venue.example');
    const lookup = ((_name: string, _options: object, callback: (...answer: unknown[]) => void) => {
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    }) as never;
    const refused = feedOf(url, { socket: { allowPrivateAddresses: false } }, { lookup });
    await refused.until(() => refused.reasons.length > 0);
    expect(refused.details[0]).toContain('127.0.0.1 may not be asked');
    expect(server.connections.opened).toBe(0);
    const allowed = feedOf(url, { socket: { allowPrivateAddresses: ['127.0.0.0/8'] } }, { lookup });
    await allowed.until(() => allowed.numbers.length === 1);
  });

  test('a name that is not found is tried again', async () => {
    const lookup = ((_name: string, _options: object, callback: (error: Error) => void) => {
      callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
    }) as never;
    const world = feedOf('ws://stream.venue.example', {}, { lookup });
    await world.until(() => world.reasons.length >= 2);
    expect(new Set(world.reasons)).toEqual(new Set(['connect-failed']));
  });

  test.each([
    'http://127.0.0.1/',
    'no url',
    'ws+unix:/tmp/socket:/',
    'ws://127.0.0.1/#fragment?token=secret',
  ])('does not connect to %s, and never repeats it', async (url) => {
    const world = feedOf(url);
    await world.until(() => world.reasons.length > 0);
    expect([world.reasons[0], world.details[0]]).toEqual([
      'connect-failed',
      'the url is none that can be connected to',
    ]);
  });
});
