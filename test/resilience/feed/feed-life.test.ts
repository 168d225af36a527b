import { describe, expect, test } from 'vitest';
import { FeedWorld, START_MS, settle } from './support/feed-world.ts';

const HOUR_MS = 3_600_000;
const AGE = { maxConnectionAgeMs: 24 * HOUR_MS };

describe('ResilientFeed and the age of its connection', () => {
  test('replaces the connection before it is too old: the new one stands and speaks before the old one goes', async () => {
    const world = new FeedWorld(AGE);
    const old = await world.open('a');
    old.messages({ c: 'a', n: 1 });
    await world.advance(22.8 * HOUR_MS - 1); // a random part of a tenth earlier: 0.5
    expect(world.sockets.length).toBe(1);
    await world.advance(1);
    expect(world.sockets.length).toBe(2);
    const next = world.socket.open();
    expect(next.sent).toEqual(['subscribe a']);
    next.frame('{"control":1}');
    old.messages({ c: 'a', n: 2 });
    expect([old.isEnded, world.state]).toEqual([false, 'open']);
    next.messages({ c: 'a', n: 2 }, { c: 'a', n: 3 });
    expect([old.isClosing, old.isTerminated]).toEqual([true, false]);
    expect((await world.taken()).map(({ n }) => n)).toEqual([1, 2, 3]);
    expect([world.gaps, world.states]).toEqual([[], ['connecting', 'open', 'open']]);
    expect(world.feed.status().state).toEqual({ kind: 'open', sinceMs: START_MS + 22.8 * HOUR_MS });
    await world.feed.stop();
  });

  test('channels without numbers are told of the replacement', async () => {
    const world = new FeedWorld(AGE);
    (await world.open('a')).messages({ c: 'a' });
    await world.advance(24 * HOUR_MS);
    world.socket.open().messages({ c: 'a' });
    expect(world.gaps).toEqual([
      { channel: 'a', because: 'reconnected', expected: undefined, got: undefined },
    ]);
    await world.feed.stop();
  });

  test('what is asked for meanwhile is asked for on both', async () => {
    const world = new FeedWorld(AGE);
    const old = await world.open('a');
    await world.advance(24 * HOUR_MS);
    world.socket.open();
    world.feed.subscribe('b');
    expect([old.sent.at(-1), world.socket.sent.at(-1)]).toEqual(['subscribe b', 'subscribe b']);
    await world.feed.stop();
    expect([old.isEnded, world.socket.isEnded]).toEqual([true, true]);
  });

  test('the old one stays until the new one has sent all its frames, and a second longer for the answer', async () => {
    const world = new FeedWorld(AGE);
    const old = await world.open('a', 'u');
    old.messages({ c: 'a', n: 1 }, { c: 'u', is: '1' });
    await world.advance(24 * HOUR_MS);
    const next = world.socket.open();
    next.unsent = 1;
    next.messages({ c: 'a', n: 2 }, { c: 'u', is: 'on both' });
    old.messages({ c: 'a', n: 2 }, { c: 'u', is: 'on both' });
    next.unsent = 0;
    await world.advance(999);
    next.messages({ c: 'a', n: 3 });
    expect([old.isClosing, world.gaps]).toEqual([false, []]);
    await world.advance(1);
    next.messages({ c: 'a', n: 4 }, { c: 'u', is: '2' });
    expect([old.isClosing, world.gaps.map(({ channel }) => channel)]).toEqual([true, ['u']]);
    expect((await world.taken()).map(({ n, is }) => is ?? n)).toEqual([1, '1', 2, 'on both', 3, 4, '2']);
    await world.feed.stop();
  });

  test('where each connection counts anew, the new one is not heard before it counts', async () => {
    const world = new FeedWorld(AGE, { sequenceScope: 'connection' });
    const old = await world.open('a');
    old.messages({ c: 'a', n: 100 });
    await world.advance(24 * HOUR_MS);
    const next = world.socket.open();
    next.unsent = 1;
    next.messages({ c: 'a', n: 1 });
    old.messages({ c: 'a', n: 101 });
    next.unsent = 0;
    await world.advance(1_000);
    next.messages({ c: 'a', n: 2 });
    expect((await world.taken()).map(({ n }) => n)).toEqual([100, 101, 2]);
    expect(world.gaps.map(({ because }) => because)).toEqual(['reconnected']);
    await world.feed.stop();
  });

  test('a new one that is to be cut before it has spoken is replaced too, once it counts', async () => {
    const world = new FeedWorld();
    const old = await world.open('a');
    old.messages({ c: 'a' });
    old.frame('{"closing":true}');
    await settle();
    const next = world.socket.open();
    next.frame('{"closing":true}');
    expect(world.sockets.length).toBe(2);
    next.messages({ c: 'a' });
    await settle();
    expect([world.sockets.length, old.isClosing, world.state]).toEqual([3, true, 'open']);
    await world.feed.stop();
  });

  test('a new one that does not come to be leaves the old one alone, and is tried again later', async () => {
    const world = new FeedWorld(AGE);
    const old = await world.open('a');
    await world.advance(22.8 * HOUR_MS);
    world.socket.end({ because: 'connect-failed', detail: 'no route' });
    expect([world.state, old.isEnded]).toEqual(['open', false]);
    await world.advance(29_999);
    expect(world.sockets.length).toBe(2);
    await world.advance(1);
    expect(world.sockets.length).toBe(3);
    await world.feed.stop();
  });

  test.each(['connecting', 'open'])(
    'when the old one ends first, the new one that is %s takes over',
    async (kind) => {
      const world = new FeedWorld(AGE);
      const old = await world.open('a');
      await world.advance(22.8 * HOUR_MS);
      if (kind === 'open') world.socket.open();
      old.end();
      expect(world.state).toBe(kind);
      if (kind === 'connecting') world.socket.open();
      expect([world.state, world.sockets.length]).toEqual(['open', 2]);
      world.socket.messages({ c: 'a' });
      expect(await world.taken()).toEqual([{ c: 'a' }]);
      await world.feed.stop();
      expect(world.clock.nextDueMs).toBe(Infinity);
    },
  );

  test('a venue that says it will close is left in the same way', async () => {
    const world = new FeedWorld();
    const old = await world.open('a');
    old.frame('{"closing":true}');
    old.frame('{"closing":true}');
    await settle();
    expect(world.sockets.length).toBe(2);
    world.socket.open().messages({ c: 'a' });
    expect(old.isClosing).toBe(true);
    await world.feed.stop();
  });

  test('one that it says twice, while the window has no room, leaves no timer behind', async () => {
    const world = new FeedWorld({ ...AGE, reconnect: { maxConnects: 1 } });
    const socket = await world.open('a');
    socket.frame('{"closing":true}');
    socket.frame('{"closing":true}');
    await world.feed.stop();
    expect([world.clock.nextDueMs, world.sockets.length]).toEqual([Infinity, 1]);
  });

  test('a consumer that does not keep up meanwhile ends both, under disconnect', async () => {
    const world = new FeedWorld({ ...AGE, buffer: { maxMessages: 1, overflow: 'disconnect' } });
    const old = await world.open('a');
    await world.advance(24 * HOUR_MS);
    old.messages({ c: 'a' }, { c: 'a' });
    expect(world.sockets.map(({ isEnded }) => isEnded)).toEqual([true, true]);
    expect(world.feed.status().state).toMatchObject({ because: 'overflow', untilMs: Infinity });
    await world.feed.stop();
  });

  test('a venue that always says it will close cannot make the feed hammer it', async () => {
    const world = new FeedWorld();
    await world.open('a');
    for (let seconds = 0; seconds < 120; seconds += 1) {
      if (!world.socket.isOpen) world.socket.open();
      world.socket.messages({ c: 'a' });
      world.socket.frame('{"closing":true}');
      await world.advance(1_000);
    }
    expect(world.sockets.length).toBeLessThanOrEqual(5 * 5);
    expect(world.sockets.length).toBeGreaterThan(10);
    await world.feed.stop();
  });
});

describe('ResilientFeed when stopped', () => {
  const ALL = {
    heartbeat: {},
    staleAfterMs: 30_000,
    channelStaleAfterMs: 60_000,
    maxConnectionAgeMs: HOUR_MS,
  };

  test('closes in an orderly way and leaves no timer', async () => {
    const world = new FeedWorld(ALL);
    const socket = await world.open('a');
    await world.feed.stop();
    expect([socket.isClosing, socket.isTerminated, world.clock.nextDueMs]).toEqual([true, false, Infinity]);
    expect(world.feed.status().state).toEqual({ kind: 'stopped' });
    await world.advance(24 * HOUR_MS);
    expect(world.sockets.length).toBe(1);
  });

  test('cuts a socket that does not close in time, and again means the same', async () => {
    const world = new FeedWorld(ALL);
    const socket = await world.open('a');
    socket.answersClose = false;
    const stopped = [world.feed.stop(), world.feed.stop()];
    await settle();
    world.clock.advance(999);
    expect(socket.isTerminated).toBe(false);
    world.clock.advance(1);
    await Promise.all(stopped);
    expect([socket.isTerminated, world.clock.nextDueMs]).toEqual([true, Infinity]);
    await world.feed.stop();
    expect(world.states).toEqual(['connecting', 'open', 'stopped']);
  });

  test.each([
    ['idle', async (): Promise<void> => {}],
    ['connecting, the url asked for', async ({ feed }: FeedWorld): Promise<void> => feed.start()],
    [
      'connecting',
      async ({ feed }: FeedWorld): Promise<void> => {
        feed.start();
        await settle();
      },
    ],
    [
      'waiting',
      async (world: FeedWorld): Promise<void> => {
        (await world.open('a')).end();
      },
    ],
    [
      'replacing its connection',
      async (world: FeedWorld): Promise<void> => {
        await world.open('a');
        await world.advance(HOUR_MS);
      },
    ],
  ])('leaves nothing when it is %s', async (_, prepare) => {
    const world = new FeedWorld({ ...ALL, staleAfterMs: false, heartbeat: false });
    await prepare(world);
    await world.feed.stop();
    expect(world.clock.nextDueMs).toBe(Infinity);
    expect(world.sockets.every(({ isEnded }) => isEnded)).toBe(true);
    const before = world.sockets.length;
    await world.advance(HOUR_MS);
    expect([world.state, world.sockets.length]).toEqual(['stopped', before]);
  });

  test('a listener that stops the feed as soon as it opens is obeyed', async () => {
    const stopping: Promise<void>[] = [];
    const world: FeedWorld = new FeedWorld(
      ALL,
      {},
      {
        onChange: (change) => {
          if (change.kind === 'state' && change.to.kind === 'open') stopping.push(world.feed.stop());
        },
      },
    );
    await world.open('a');
    await Promise.all(stopping);
    expect([world.state, world.socket.isEnded, world.clock.nextDueMs]).toEqual(['stopped', true, Infinity]);
  });

  test('10,000 reconnections leave one socket, and as many timers as one', { timeout: 60_000 }, async () => {
    const world = new FeedWorld({
      ...ALL,
      reconnect: { baseDelayMs: 1, maxDelayMs: 1, maxConnects: 1_000, connectWindowMs: 1 },
    });
    let timers = 0;
    const deadline = world.clock.deadline.bind(world.clock);
    const every = world.clock.every.bind(world.clock);
    const counted = (timer: Disposable): Disposable => {
      timers += 1;
      let isGone = false;
      return {
        [Symbol.dispose]: () => {
          if (!isGone) timers -= 1;
          isGone = true;
          timer[Symbol.dispose]();
        },
      };
    };
    world.clock.deadline = (ms, onLate) => {
      const timer = counted(
        deadline(ms, () => {
          timer[Symbol.dispose]();
          onLate();
        }),
      );
      return timer;
    };
    world.clock.every = (ms, fn) => counted(every(ms, fn));
    await world.open('a');
    world.socket.messages({ c: 'a', n: 1 });
    const atFirst = timers;
    for (let times = 0; times < 10_000; times += 1) {
      world.socket.end();
      world.clock.advance(1);
      await new Promise((resolve) => setImmediate(resolve));
      world.socket.open();
    }
    expect(world.sockets.length).toBe(10_001);
    expect(world.sockets.filter(({ isEnded }) => !isEnded).length).toBe(1);
    expect(atFirst).toBeGreaterThan(0);
    await world.advance(3_000); // whether the channel is silent since
    expect(timers).toBe(atFirst);
    await world.feed.stop();
    expect(timers).toBe(0);
  });
});

describe('ResilientFeed in metrics', () => {
  test('shows its state, its counts and why connections ended', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a');
    socket.messages({ c: 'a', n: 1 }, { c: 'a', n: 1 }, { c: 'a', n: 5 });
    socket.frame('x');
    socket.frame('{"refused":"no"}');
    const open = await world.metrics.exposition();
    expect(
      open.split('\n').filter((line) => line.startsWith('trading_feed_') && !line.endsWith(' 0')),
    ).toEqual([
      'trading_feed_state{source="venue",state="open"} 1',
      'trading_feed_gaps_total{source="venue",because="sequence"} 1',
      'trading_feed_connects_total{source="venue"} 1',
      'trading_feed_frames_total{source="venue"} 3',
      'trading_feed_messages_total{source="venue"} 3',
      'trading_feed_malformed_total{source="venue"} 1',
      'trading_feed_duplicates_total{source="venue"} 1',
      'trading_feed_refusals_total{source="venue"} 1',
      `trading_feed_last_message_timestamp_seconds{source="venue"} ${START_MS / 1_000}`,
      'trading_feed_buffered_messages{source="venue"} 2',
    ]);
    socket.end();
    const waiting = await world.metrics.exposition();
    expect(waiting).toContain('\ntrading_feed_state{source="venue",state="open"} 0\n');
    expect(waiting).toContain('\ntrading_feed_state{source="venue",state="waiting"} 1\n');
    expect(waiting).toContain('\ntrading_feed_connections_ended_total{source="venue",because="closed"} 1\n');
    await world.feed.stop();
    const stopped = await world.metrics.exposition();
    expect(stopped).toContain('\ntrading_feed_state{source="venue",state="stopped"} 1\n');
    expect(stopped).toContain('\ntrading_feed_frames_total{source="venue"} 3\n');
    expect(stopped).toContain('\ntrading_feed_buffered_messages{source="venue"} 0\n');
  });
});

describe('ResilientFeed options', () => {
  test.each([
    [{ staleAfterMS: 1 }, 'staleAfterMS'],
    [{ staleAfterMs: 0 }, 'staleAfterMs'],
    [{ buffer: { overflow: 'block' } }, 'buffer.overflow'],
    [{ buffer: { maxMessages: NaN } }, 'buffer.maxMessages'],
    [{ reconnect: { maxConnects: 0 } }, 'reconnect.maxConnects'],
    [{ source: '' }, 'source'],
    [{ socket: { tls: { rejectUnauthorized: false } } }, 'rejectUnauthorized'],
  ])('refuses %j by name', (options, name) => {
    expect(() => new FeedWorld(options as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) as unknown }),
    );
  });
});
