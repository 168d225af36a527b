import { afterEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../../src/core/index.ts';
import { FaultServer, type WebSocketStep, brokenFrames } from '../../../src/testing/index.ts';
import { FeedOnSockets, frameOf } from './support/feed-on-sockets.ts';

const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

/** A server whose first connection takes these steps after the subscription; later ones give number 1. */
async function serverOf(...steps: readonly WebSocketStep[]): Promise<FaultServer> {
  const server = await FaultServer.listen();
  server.webSockets.script(
    { reply: () => undefined, steps: [{ step: 'await-messages', count: 1 }, ...steps] },
    { reply: () => frameOf('a', 1) },
  );
  open.push(server);
  return server;
}

function feedOf(...args: ConstructorParameters<typeof FeedOnSockets>): FeedOnSockets {
  const feed = new FeedOnSockets(...args);
  open.push(feed);
  return feed.start();
}

describe('ResilientFeed and what comes over real sockets', () => {
  test('a server that answers no ping is left, though it sends', async () => {
    const server = await serverOf();
    server.webSockets.script(
      {
        pongs: false,
        reply: () => undefined,
        steps: [{ step: 'flood', perSecond: 100, message: (n) => frameOf('a', n) }],
      },
      { reply: () => undefined },
    );
    const world = feedOf(server.wsUrl, { heartbeat: { intervalMs: 50, pongTimeoutMs: 150 } });
    await world.until(() => world.reasons.length === 1 && world.feed.status().state.kind === 'open');
    expect(world.reasons).toEqual(['no-pong']);
    expect(world.numbers.length).toBeGreaterThan(3);
  });

  test('a server that reads nothing any more is left: half-open connections are found', async () => {
    const server = await serverOf({ step: 'stop-reading' });
    const world = feedOf(server.wsUrl, { heartbeat: { intervalMs: 50, pongTimeoutMs: 150 } });
    await world.until(() => world.numbers.length === 1);
    expect(world.reasons).toEqual(['no-pong']);
  });

  test('a server that answers pings and sends nothing is stale', async () => {
    const server = await serverOf();
    const world = feedOf(server.wsUrl, {
      heartbeat: { intervalMs: 20, pongTimeoutMs: 2_000 },
      staleAfterMs: 300,
    });
    await world.until(() => world.numbers.length === 1);
    expect(world.reasons).toEqual(['stale']);
    expect(server.webSockets.pings).toBeGreaterThan(2);
  });

  test('a frame that is too large ends the connection, not the process', async () => {
    const server = await serverOf({ step: 'send', messages: ['x'.repeat(10_001)] });
    const world = feedOf(server.wsUrl, { socket: { maxPayloadBytes: 10_000 } });
    await world.until(() => world.numbers.length === 1);
    expect(world.reasons).toEqual(['closed']);
    expect(world.details[0]).toContain('Max payload size exceeded');
  });

  test.each(Object.entries(brokenFrames))(
    'bytes that are no WebSocket (%s) end the connection, not the process',
    async (_, broken) => {
      const server = await serverOf({ step: 'raw', bytes: broken() });
      const world = feedOf(server.wsUrl, { maxMalformedInRow: 1, staleAfterMs: 500 });
      await world.until(() => world.numbers.length === 1);
      expect(world.reasons.length).toBe(1);
    },
  );

  test('garbage in whole frames is counted, and too much of it ends the connection', async () => {
    const server = await serverOf({ step: 'send', messages: ['{', 'null', '[', '"'] });
    const world = feedOf(server.wsUrl, { maxMalformedInRow: 4 });
    await world.until(() => world.numbers.length === 1);
    expect(world.reasons).toEqual(['malformed']);
    expect(world.feed.status().counts.malformed).toBe(4);
  });

  test('a message that drips in arrives whole', async () => {
    const server = await serverOf({ step: 'drip', message: frameOf('a', 1, 2, 3), bytes: 3, everyMs: 1 });
    const world = feedOf(server.wsUrl);
    await world.until(() => world.numbers.length === 3);
    expect(world.reasons).toEqual([]);
  });

  test('a flood and a consumer that hangs: bounded, told, and in order afterwards', async () => {
    const count = 50_000;
    const server = await FaultServer.listen();
    open.push(server);
    server.webSockets.script({
      reply: () => undefined,
      steps: [
        { step: 'await-messages', count: 1 },
        { step: 'flood', perSecond: 1_000_000, count, message: (n) => frameOf('a', n) },
      ],
    });
    const world = new FeedOnSockets(server.wsUrl, { buffer: { maxMessages: 500 } });
    open.push(world);
    world.feed.start();
    await world.until(() => world.feed.status().counts.messages === count, 20_000);
    expect(world.feed.status()).toMatchObject({ buffered: 500, counts: { dropped: count - 500 } });
    world.start();
    await world.until(() => world.numbers.length === 500);
    expect(world.numbers).toEqual(Array.from({ length: 500 }, (_, at) => count - 499 + at));
    expect(world.gaps).toEqual([{ channel: 'a', because: 'overflow', expected: 1, got: undefined }]);
  });

  test('is fast enough for a venue: messages per second through one feed', async () => {
    const count = 100_000;
    const server = await FaultServer.listen();
    open.push(server);
    server.webSockets.script({
      reply: () => undefined,
      steps: [
        { step: 'await-messages', count: 1 },
        { step: 'flood', perSecond: 10_000_000, count, message: (n) => frameOf('a', n) },
      ],
    });
    const clock = new SystemClock();
    const world = feedOf(server.wsUrl, { buffer: { maxMessages: count } });
    await world.until(() => world.numbers.length > 0);
    const startMs = clock.monotonicMs();
    await world.until(() => world.numbers.length === count, 20_000);
    const perSecond = count / ((clock.monotonicMs() - startMs) / 1_000);
    expect([world.numbers.at(-1), world.gaps]).toEqual([count, []]);
    expect(perSecond).toBeGreaterThan(10_000);
  });
});
