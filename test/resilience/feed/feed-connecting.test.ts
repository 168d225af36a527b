import { describe, expect, test } from 'vitest';
import { FeedWorld, START_MS, settle } from './support/feed-world.ts';
import { ScriptedSocket } from './support/scripted-sockets.ts';

const ONE_TRY = { baseDelayMs: 1_000, maxDelayMs: 8_000, goodAfterMs: 60_000, maxConnects: 100 };

describe('ResilientFeed connecting', () => {
  test('is idle until started, then asks for the url, connects and subscribes', async () => {
    const world = new FeedWorld();
    world.feed.subscribe('a', 'b');
    await settle();
    expect([world.state, world.sockets.length]).toEqual(['idle', 0]);
    world.feed.start();
    expect(world.feed.status().state).toEqual({ kind: 'connecting', sinceMs: START_MS, attempt: 1 });
    await settle();
    expect(world.socket.url).toBe('wss://venue.example/stream');
    expect(world.socket.sent).toEqual([]);
    world.clock.advance(40);
    world.socket.open();
    expect(world.feed.status().state).toEqual({ kind: 'open', sinceMs: START_MS + 40 });
    expect(world.socket.sent).toEqual(['subscribe a,b']);
    await world.feed.stop();
  });

  test('a second start does nothing; after a stop it is an error', async () => {
    const world = new FeedWorld();
    await world.open('a');
    world.feed.start();
    await settle();
    expect(world.sockets.length).toBe(1);
    await world.feed.stop();
    expect(() => world.feed.start()).toThrow(expect.objectContaining({ code: 'SERVICE_STOPPED' }));
    expect(() => world.feed.subscribe('b')).toThrow(expect.objectContaining({ code: 'SERVICE_STOPPED' }));
  });

  test('comes back after a random part of the delay, and subscribes to everything again', async () => {
    const world = new FeedWorld({ reconnect: ONE_TRY });
    const socket = await world.open('a');
    world.feed.subscribe('b');
    socket.end();
    expect(world.feed.status().state).toEqual({
      kind: 'waiting',
      untilMs: START_MS + 500,
      attempt: 1,
      because: 'closed',
      detail: 'closed with code 1006',
    });
    await world.advance(499);
    expect(world.sockets.length).toBe(1);
    await world.advance(1);
    expect(world.sockets.length).toBe(2);
    expect(world.socket.open().sent).toEqual(['subscribe a,b']);
    expect(world.states).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open']);
    await world.feed.stop();
  });

  test('asks for the url again before each connection', async () => {
    let token = 0;
    const world = new FeedWorld({}, { url: async () => `wss://venue.example/${(token += 1)}` });
    (await world.open('a')).end();
    await world.reopen();
    expect(world.sockets.map(({ url }) => url)).toEqual(['wss://venue.example/1', 'wss://venue.example/2']);
    await world.feed.stop();
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no token at wss://venue.example/ws/LISTEN-KEY');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no token at wss://venue.example/ws/LISTEN-KEY'))],
  ])(
    'a url that %s is tried again, and nothing of its error told, as it may hold a token',
    async (_, url) => {
      const world = new FeedWorld({}, { url });
      world.feed.start();
      await settle();
      expect(world.feed.status().state).toMatchObject({
        kind: 'waiting',
        because: 'protocol',
        detail: 'the protocol gave no url (Error)',
      });
      expect(JSON.stringify([world.changes, world.lines])).not.toContain('LISTEN-KEY');
      await world.feed.stop();
    },
  );

  test('a url that is none is not repeated anywhere, as it may hold a token', async () => {
    const world = new FeedWorld(
      {},
      {},
      {
        connect: (url) => {
          throw new Error(`invalid: ${url}`);
        },
      },
    );
    world.feed.start();
    await settle();
    expect(world.feed.status().state).toMatchObject({ kind: 'waiting', because: 'connect-failed' });
    expect(JSON.stringify([world.changes, world.lines])).not.toContain('venue.example');
    await world.feed.stop();
  });

  test('gives up a connection that is not open in time, at exactly the limit', async () => {
    const world = new FeedWorld({ connectTimeoutMs: 2_000 });
    world.feed.start();
    await settle();
    await world.advance(1_999);
    expect(world.state).toBe('connecting');
    await world.advance(1);
    expect(world.feed.status().state).toMatchObject({ kind: 'waiting', because: 'connect-timeout' });
    expect(world.socket.isTerminated).toBe(true);
    world.sockets[0]?.open();
    expect(world.state).toBe('waiting');
    await world.feed.stop();
  });

  test('a url that hangs counts towards the same limit; its signal aborts, and a late answer is not used', async () => {
    const late = Promise.withResolvers<string>();
    let signal: AbortSignal | undefined;
    const world = new FeedWorld(
      { connectTimeoutMs: 2_000 },
      {
        url: (given) => {
          signal = given;
          return late.promise;
        },
      },
    );
    world.feed.start();
    await settle();
    expect(signal?.aborted).toBe(false);
    await world.advance(2_000);
    expect([world.state, signal?.aborted]).toEqual(['waiting', true]);
    late.resolve('wss://venue.example/late');
    await settle();
    expect(world.sockets).toEqual([]);
    await world.feed.stop();
  });

  test('a flapping venue is asked less and less often: only a connection that was good for a while resets the back-off', async () => {
    const world = new FeedWorld({ reconnect: ONE_TRY });
    world.random = 0.999_999;
    const waits: number[] = [];
    await world.open('a');
    for (let times = 0; times < 5; times += 1) {
      world.socket.messages({ c: 'a' });
      await world.advance(59_999);
      const before = world.clock.nowMs();
      world.socket.end();
      await world.reopen();
      waits.push(world.clock.nowMs() - before);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
    world.socket.messages({ c: 'a' });
    await world.advance(60_000);
    const before = world.clock.nowMs();
    world.socket.end();
    await world.reopen();
    expect(world.clock.nowMs() - before).toBe(1_000);
    await world.feed.stop();
  });

  test('a connection that never had a message is not a good one, however long it stood', async () => {
    const world = new FeedWorld({ reconnect: ONE_TRY });
    world.random = 0.999_999;
    await world.open('a');
    await world.advance(600_000);
    world.socket.end();
    await world.reopen();
    await world.advance(600_000);
    world.socket.end();
    expect(world.feed.status().state).toMatchObject({ untilMs: world.clock.nowMs() + 2_000, attempt: 2 });
    await world.feed.stop();
  });

  test('in an outage it never tries more than 5 times in any 30 seconds, even when chance gives no delay', async () => {
    const world = new FeedWorld();
    world.random = 0;
    const triedMs: number[] = [];
    world.feed.start();
    for (let ms = 0; ms < 600_000; ms += 250) {
      await settleQuickly();
      while (triedMs.length < world.sockets.length) triedMs.push(ms);
      world.socket.end({ because: 'connect-failed', detail: 'refused' });
      world.clock.advance(250);
    }
    expect(triedMs.length).toBeGreaterThanOrEqual(99);
    const densest = Math.max(
      ...triedMs.map((fromMs) => triedMs.filter((ms) => ms >= fromMs && ms < fromMs + 30_000).length),
    );
    expect(densest).toBe(5);
    await world.feed.stop();
  });

  test('feeds that lose their venue together come back spread over the delay', async () => {
    const waitsMs: number[] = [];
    for (let at = 0; at < 200; at += 1) {
      const world = new FeedWorld({}, {}, { random: undefined, metrics: undefined });
      world.feed.start();
      await settleQuickly();
      world.socket.open().end();
      const { state } = world.feed.status();
      if (state.kind === 'waiting') waitsMs.push(state.untilMs - START_MS);
      await world.feed.stop();
    }
    expect(waitsMs.length).toBe(200);
    // Uniform between 0 and 500: each fifth would have 40.
    const fifths = [0, 1, 2, 3, 4].map((at) => waitsMs.filter((ms) => ms > at * 100 && ms <= at * 100 + 100));
    for (const fifth of fifths) expect(fifth.length).toBeGreaterThan(12);
  });

  test('a handshake that was refused is not tried again soon', async () => {
    const world = new FeedWorld({ reconnect: { maxDelayMs: 30_000 } });
    world.feed.start();
    await settle();
    world.socket.end({ because: 'refused', detail: 'the handshake was answered with status 403' });
    expect(world.feed.status().state).toMatchObject({
      kind: 'waiting',
      because: 'refused',
      untilMs: START_MS + 30_000,
    });
    await world.feed.stop();
  });

  test.each([
    { retryAfterMs: 45_000, waitMs: 45_000 },
    { retryAfterMs: 3_600_000, waitMs: 600_000 },
    { retryAfterMs: 0, waitMs: 250 },
  ])(
    'a server that asks for $retryAfterMs ms is left alone for $waitMs',
    async ({ retryAfterMs, waitMs }) => {
      const world = new FeedWorld();
      world.feed.start();
      await settle();
      world.socket.end({ because: 'connect-failed', detail: 'status 429', retryAfterMs });
      expect(world.feed.status().state).toMatchObject({ untilMs: START_MS + waitMs });
      await world.feed.stop();
    },
  );

  test('a protocol that cannot subscribe has the connection made anew, later each time', async () => {
    const world = new FeedWorld(
      {},
      {
        subscribe: () => {
          throw new Error('no such channel');
        },
      },
    );
    await world.open('a');
    expect(world.socket.isTerminated).toBe(true);
    expect(world.feed.status().state).toMatchObject({ kind: 'waiting', because: 'protocol' });
    await world.feed.stop();
    expect(world.clock.nextDueMs).toBe(Infinity);
  });

  test('without channels it connects and asks for nothing', async () => {
    const world = new FeedWorld();
    expect((await world.open()).sent).toEqual([]);
    await world.feed.stop();
  });
});

describe('ResilientFeed at run time', () => {
  test('asks for new channels at once, each once', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a');
    world.feed.subscribe('a', 'b', 'b');
    world.feed.subscribe('b');
    expect(socket.sent).toEqual(['subscribe a', 'subscribe b']);
    expect(world.feed.status().channels.map(({ channel }) => channel)).toEqual(['a', 'b']);
    await world.feed.stop();
  });

  test('gives channels up: nothing more of them comes through, nor are they asked for again', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a', 'b');
    socket.messages({ c: 'b', is: 'before' });
    world.feed.unsubscribe('b', 'c');
    socket.messages({ c: 'b', is: 'late' }, { c: 'a' });
    expect(socket.sent).toEqual(['subscribe a,b', 'unsubscribe b']);
    expect(await world.taken()).toEqual([{ c: 'b', is: 'before' }, { c: 'a' }]);
    socket.end();
    expect((await world.reopen()).sent).toEqual(['subscribe a']);
    await world.feed.stop();
  });

  test('a channel that was given up has no hole after a reconnection', async () => {
    const world = new FeedWorld();
    (await world.open('a', 'b')).messages({ c: 'a' }, { c: 'b' });
    world.feed.unsubscribe('b');
    world.socket.end();
    await world.reopen();
    expect(world.gaps.map(({ channel }) => channel)).toEqual(['a']);
    await world.feed.stop();
  });

  test('nothing is taken from a connection that has ended', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a');
    socket.end();
    socket.messages({ c: 'a' });
    expect([await world.taken(), world.feed.status().counts.frames]).toEqual([[], 0]);
    await world.feed.stop();
  });

  test('a channel that is wanted again begins anew', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a');
    socket.messages({ c: 'a', n: 10 });
    world.feed.unsubscribe('a');
    world.feed.subscribe('a');
    socket.messages({ c: 'a', n: 20 });
    expect(world.gaps).toEqual([]);
    expect(await world.taken()).toEqual([
      { c: 'a', n: 10 },
      { c: 'a', n: 20 },
    ]);
    await world.feed.stop();
  });

  test('a protocol that throws at run time is logged and does no harm', async () => {
    let calls = 0;
    const world = new FeedWorld(
      {},
      {
        subscribe: () => {
          calls += 1;
          if (calls === 2) throw new Error('not now');
          return [];
        },
        unsubscribe: () => {
          throw new Error('never');
        },
      },
    );
    await world.open('a');
    world.feed.subscribe('b');
    world.feed.unsubscribe('a');
    expect(world.state).toBe('open');
    expect(world.lines.map(({ message }) => message)).toEqual([
      'the protocol could not subscribe',
      'the protocol could not unsubscribe',
    ]);
    await world.feed.stop();
  });

  test('without unsubscribe the venue is told nothing, and the channel is ignored', async () => {
    const connect: ScriptedSocket[] = [];
    const world = new FeedWorld(
      {},
      {},
      {
        protocol: {
          url: () => 'wss://venue.example',
          subscribe: () => [],
          decode: (frame) => ({ kind: 'messages', messages: [{ c: String(frame) }] }),
          channelOf: ({ c }) => c,
        },
        connect: (url, listener) => {
          const socket = new ScriptedSocket(url, listener);
          connect.push(socket);
          return socket;
        },
      },
    );
    world.feed.subscribe('a', 'b');
    world.feed.start();
    await settle();
    connect[0]?.open();
    world.feed.unsubscribe('a');
    connect[0]?.frame('a');
    connect[0]?.frame('b');
    expect(connect[0]?.sent).toEqual([]);
    expect(await world.taken()).toEqual([{ c: 'b' }]);
    await world.feed.stop();
  });
});

/** One turn is enough for a url to be asked for. */
const settleQuickly = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
