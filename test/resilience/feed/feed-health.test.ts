import { describe, expect, test } from 'vitest';
import { FeedWorld, START_MS, settle } from './support/feed-world.ts';

const BEAT = { heartbeat: { intervalMs: 10_000, pongTimeoutMs: 3_000 } };

describe('ResilientFeed heartbeat', () => {
  test('pings each interval, and is content with pongs', async () => {
    const world = new FeedWorld(BEAT);
    const socket = await world.open('a');
    for (let beats = 1; beats <= 5; beats += 1) {
      await world.advance(10_000);
      expect(socket.pings).toBe(beats);
      socket.pong();
    }
    await world.advance(9_999);
    expect(world.state).toBe('open');
    await world.feed.stop();
  });

  test('cuts the connection at exactly the limit without a pong, whatever else comes', async () => {
    const world = new FeedWorld(BEAT);
    const socket = await world.open('a');
    await world.advance(12_999);
    socket.messages({ c: 'a' });
    expect(world.state).toBe('open');
    await world.advance(1);
    expect(socket.isTerminated).toBe(true);
    expect(world.feed.status().state).toMatchObject({
      kind: 'waiting',
      because: 'no-pong',
      detail: 'no answer to a ping within 3000 ms',
    });
    await world.feed.stop();
  });

  test('a pong that lies unread while the process is held up counts', async () => {
    const world = new FeedWorld(BEAT);
    const socket = await world.open('a');
    await world.advance(10_000);
    setImmediate(() => socket.pong()); // the socket is read only after the timers
    world.clock.advance(5_000);
    await settle();
    expect(world.state).toBe('open');
    await world.feed.stop();
  });

  test('does not ping again before the answer, when answers may take longer than the interval', async () => {
    const world = new FeedWorld({ heartbeat: { intervalMs: 1_000, pongTimeoutMs: 5_000 } });
    const socket = await world.open('a');
    await world.advance(4_000);
    expect(socket.pings).toBe(1);
    socket.pong();
    await world.advance(1_000);
    expect(socket.pings).toBe(2);
    await world.feed.stop();
  });

  test("sends the protocol's own ping too", async () => {
    const world = new FeedWorld(BEAT, { ping: () => '{"op":"ping"}' });
    const socket = await world.open('a');
    await world.advance(10_000);
    expect([socket.sent, socket.pings]).toEqual([['subscribe a', '{"op":"ping"}'], 1]);
    await world.feed.stop();
  });

  test("any frame answers the protocol's ping, where WebSocket pings are off", async () => {
    const world = new FeedWorld(
      { heartbeat: { intervalMs: 10_000, pongTimeoutMs: 3_000, webSocketPing: false } },
      { ping: () => 'ping' },
    );
    const socket = await world.open('a');
    await world.advance(10_000);
    socket.frame('{"control":1}');
    await world.advance(3_000);
    expect([world.state, socket.pings]).toEqual(['open', 0]);
    await world.advance(7_000 + 3_000);
    expect(world.feed.status().state).toMatchObject({ because: 'no-pong' });
    await world.feed.stop();
  });

  test('without any ping there is no heartbeat', async () => {
    const world = new FeedWorld({ heartbeat: { webSocketPing: false } });
    await world.open('a');
    await world.advance(600_000);
    expect(world.state).toBe('open');
    await world.feed.stop();
  });

  test('a ping that throws ends the connection, not the process', async () => {
    const world = new FeedWorld(BEAT, {
      ping: () => {
        throw new Error('no clock');
      },
    });
    await world.open('a');
    await world.advance(10_000);
    expect(world.feed.status().state).toMatchObject({
      because: 'protocol',
      detail: 'no ping: Error: no clock',
    });
    await world.feed.stop();
    expect(world.clock.nextDueMs).toBe(Infinity);
  });
});

describe('ResilientFeed staleness', () => {
  test('a feed without messages is stale at exactly the limit, and reconnects', async () => {
    const world = new FeedWorld({ staleAfterMs: 5_000 });
    const socket = await world.open('a');
    await world.advance(1_000);
    socket.messages({ c: 'a' });
    await world.advance(4_999);
    expect(world.state).toBe('open');
    await world.advance(1);
    expect(world.states).toEqual(['connecting', 'open', 'stale', 'waiting']);
    expect(world.feed.status()).toMatchObject({
      state: { because: 'stale', detail: 'no message for 5000 ms' },
      lastMessageAgeMs: 5_000,
    });
    expect(socket.isTerminated).toBe(true);
    await world.feed.stop();
  });

  test('pongs and acknowledgements are no messages: a venue that only answers is stale', async () => {
    const world = new FeedWorld({ ...BEAT, staleAfterMs: 15_000 });
    const socket = await world.open('a');
    await world.advance(10_000);
    socket.pong();
    socket.frame('{"control":1}');
    socket.messages();
    await world.advance(5_000);
    expect(world.states).toContain('stale');
    await world.feed.stop();
  });

  test.each([
    ['impossible numbers', { c: 'a', n: 1.5 }],
    ['numbers that came before', { c: 'a', n: 1 }],
    ['a channel that nobody wants', { c: 'b', n: 1 }],
  ])('messages with %s are none: the feed is stale, and so is the channel', async (_, message) => {
    const world = new FeedWorld({ staleAfterMs: 5_000, channelStaleAfterMs: 4_000 });
    const socket = await world.open('a');
    socket.messages({ c: 'a', n: 1 });
    for (let seconds = 0; seconds < 4; seconds += 1) {
      await world.advance(1_000);
      socket.messages(message);
    }
    expect(world.feed.status()).toMatchObject({
      lastMessageAgeMs: 4_000,
      channels: [{ ageMs: 4_000, quiet: true }],
    });
    await world.advance(1_000);
    expect(world.states).toContain('stale');
    await world.feed.stop();
  });

  test('new messages that there was no room for are messages', async () => {
    const world = new FeedWorld({ staleAfterMs: 5_000, buffer: { maxMessages: 1, overflow: 'drop-newest' } });
    const socket = await world.open('a');
    for (let n = 1; n <= 10; n += 1) {
      socket.messages({ c: 'a', n });
      await world.advance(1_000);
    }
    expect(world.state).toBe('open');
    await world.feed.stop();
  });

  test('a feed that nobody called subscribe() of has its streams in the url, and is stale as others are', async () => {
    const world = new FeedWorld({ staleAfterMs: 5_000 });
    world.feed.start();
    await settle();
    world.socket.open();
    await world.advance(4_999);
    expect(world.state).toBe('open');
    await world.advance(1);
    expect(world.states).toContain('stale');
    await world.feed.stop();
  });

  test('messages that lie unread while the process is held up count', async () => {
    const world = new FeedWorld({ staleAfterMs: 5_000 });
    const socket = await world.open('a');
    setImmediate(() => socket.messages({ c: 'a' }));
    world.clock.advance(7_000);
    await settle();
    expect(world.state).toBe('open');
    await world.advance(4_999);
    expect(world.state).toBe('open');
    await world.advance(1);
    expect(world.states).toContain('stale');
    await world.feed.stop();
  });

  test('a feed without channels is never stale; the first one gets its full time', async () => {
    const world = new FeedWorld({ staleAfterMs: 5_000 });
    await world.open();
    for (let seconds = 0; seconds < 13; seconds += 1) await world.advance(1_000);
    expect(world.state).toBe('open');
    world.feed.subscribe('a');
    await world.advance(2_000);
    await world.advance(2_999);
    expect(world.state).toBe('open');
    await world.advance(1);
    expect(world.states).toContain('stale');
    await world.feed.stop();
  });

  test('a channel that alone goes quiet is told within a tenth of the limit, not reconnected; and told again when it speaks', async () => {
    const world = new FeedWorld({ staleAfterMs: 5_000, channelStaleAfterMs: 10_000 });
    const socket = await world.open('a', 'b');
    const told = (): unknown[] => world.changes.filter(({ kind }) => kind === 'channel');
    for (let seconds = 1; seconds <= 9; seconds += 1) {
      await world.advance(1_000);
      socket.messages({ c: 'a' });
    }
    expect(told()).toEqual([]);
    await world.advance(1_000);
    expect(told()).toEqual([{ kind: 'channel', channel: 'b', quiet: true }]);
    expect(world.feed.status().channels).toEqual([
      { channel: 'a', ageMs: 1_000, quiet: false, awaitsSnapshot: false },
      { channel: 'b', ageMs: undefined, quiet: true, awaitsSnapshot: false },
    ]);
    socket.messages({ c: 'b' });
    expect(told().at(-1)).toEqual({ kind: 'channel', channel: 'b', quiet: false });
    expect([world.state, told().length]).toEqual(['open', 2]);
    await world.feed.stop();
  });

  test('time without a connection does not make a channel quiet', async () => {
    const world = new FeedWorld({ channelStaleAfterMs: 10_000 });
    const socket = await world.open('a');
    socket.messages({ c: 'a' });
    await world.advance(9_000);
    socket.end();
    await world.advance(200_000);
    world.socket.open();
    await world.advance(9_000);
    expect(world.changes.filter(({ kind }) => kind === 'channel')).toEqual([]);
    await world.feed.stop();
  });
});

describe('ResilientFeed and what it cannot read', () => {
  test('counts, logs once in a while and goes on', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a');
    for (let times = 0; times < 10; times += 1) socket.frame('not JSON');
    socket.messages({ c: 'a' });
    expect(await world.taken()).toEqual([{ c: 'a' }]);
    expect(world.feed.status().counts).toMatchObject({ frames: 11, malformed: 10, messages: 1 });
    expect(world.lines.filter(({ message }) => message === 'a frame could not be read').length).toBe(1);
    await world.advance(10_000);
    socket.frame('not JSON');
    expect(world.lines.at(-1)?.fields).toMatchObject({ leftOut: 9 });
    await world.feed.stop();
  });

  test('too many in a row end the connection; one that can be read starts the count anew', async () => {
    const world = new FeedWorld({ maxMalformedInRow: 3 });
    const socket = await world.open('a');
    for (const frame of ['x', 'x', '{"control":1}', 'x', 'x']) socket.frame(frame);
    expect(world.state).toBe('open');
    socket.frame('x');
    expect(world.feed.status().state).toMatchObject({
      kind: 'waiting',
      because: 'malformed',
      detail: '3 frames in a row could not be read',
    });
    const again = await world.reopen();
    again.frame('x');
    again.frame('x');
    expect(world.state).toBe('open');
    await world.feed.stop();
  });

  test.each([
    ['nothing', undefined],
    ['a kind that is none', { kind: 'surprise' }],
    ['messages that are no list', { kind: 'messages' }],
  ])('a protocol that gives %s for a frame', async (_, decoded) => {
    const world = new FeedWorld({}, { decode: () => decoded as never });
    const socket = await world.open('a');
    socket.frame('x');
    expect([world.state, world.feed.status().counts.malformed]).toEqual(['open', 1]);
    await world.feed.stop();
  });

  test('a message without valid numbers is left out alone', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a');
    socket.messages({ c: 'a', n: 1 }, { c: 'a', n: 5, last: 2 }, { c: 'a', n: 1.5 }, { c: 'a', n: 2 });
    expect(await world.taken()).toEqual([
      { c: 'a', n: 1 },
      { c: 'a', n: 2 },
    ]);
    expect(world.feed.status().counts).toMatchObject({ malformed: 2, messages: 4 });
    await world.feed.stop();
  });

  test('answers what the venue asks', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a');
    socket.frame('{"reply":"here"}');
    expect(socket.sent).toEqual(['subscribe a', 'here']);
    await world.feed.stop();
  });

  test('a refusal is told and counted, and nothing is sent again', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a');
    for (let times = 0; times < 3; times += 1) socket.frame('{"refused":"no such channel"}');
    await world.advance(60_000);
    expect(world.changes.filter(({ kind }) => kind === 'refused')).toEqual(
      Array(3).fill({ kind: 'refused', detail: 'no such channel' }),
    );
    expect(socket.sent).toEqual(['subscribe a']);
    expect([world.sockets.length, world.feed.status().counts.refusals]).toEqual([1, 3]);
    await world.feed.stop();
  });

  test('a long refusal is told in part', async () => {
    const world = new FeedWorld();
    (await world.open('a')).frame(JSON.stringify({ refused: 'x'.repeat(100_000) }));
    expect(world.changes.at(-1)).toEqual({ kind: 'refused', detail: 'x'.repeat(500) });
    await world.feed.stop();
  });

  test('bytes come to the protocol as they are, with the time of their arrival', async () => {
    const seen: unknown[] = [];
    const world = new FeedWorld(
      {},
      {
        decode: (frame, receivedMs) => {
          seen.push([frame, receivedMs]);
          return { kind: 'control' };
        },
      },
    );
    const socket = await world.open('a');
    world.clock.advance(123);
    socket.frame(new Uint8Array([1, 2]));
    expect(seen).toEqual([[new Uint8Array([1, 2]), START_MS + 123]]);
    await world.feed.stop();
  });

  test('listeners that throw do no harm', async () => {
    const world = new FeedWorld(
      {},
      {},
      {
        onGap: () => {
          throw new Error('gap');
        },
        onChange: () => {
          throw new Error('change');
        },
      },
    );
    const socket = await world.open('a');
    socket.messages({ c: 'a', n: 1 }, { c: 'a', n: 3 });
    expect(await world.taken()).toEqual([
      { c: 'a', n: 1 },
      { c: 'a', n: 3 },
    ]);
    expect(world.lines.map(({ message }) => message)).toEqual([
      'onChange of the feed has thrown',
      'a channel of the feed has a hole',
      'onGap of the feed has thrown',
    ]);
    await world.feed.stop();
  });
});
