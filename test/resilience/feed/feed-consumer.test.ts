import { describe, expect, test } from 'vitest';
import { FeedWorld, type Message, numbered, settle } from './support/feed-world.ts';

describe('ResilientFeed and its consumer', () => {
  test('gives what waits in one batch, then what comes, in order of receipt', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a', 'b');
    socket.messages({ c: 'a', n: 1 });
    socket.messages({ c: 'b', n: 1 }, { c: 'a', n: 2 });
    const batches: (readonly Message[])[] = [];
    const reading = (async () => {
      for await (const batch of world.feed.batches()) batches.push(batch);
    })();
    await settle();
    socket.messages({ c: 'a', n: 3 });
    await settle();
    expect(batches).toEqual([
      [
        { c: 'a', n: 1 },
        { c: 'b', n: 1 },
        { c: 'a', n: 2 },
      ],
      [{ c: 'a', n: 3 }],
    ]);
    await world.feed.stop();
    await reading;
  });

  test('a second consumer is an error; one after another is not', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a');
    const first = world.feed.batches();
    const pending = first.next();
    await expect(world.feed.batches().next()).rejects.toMatchObject({ code: 'FEED_TAKEN' });
    socket.messages({ c: 'a', n: 1 });
    expect(await pending).toEqual({ done: false, value: [{ c: 'a', n: 1 }] });
    await first.return();
    socket.messages({ c: 'a', n: 2 });
    expect(await world.taken()).toEqual([{ c: 'a', n: 2 }]);
    await world.feed.stop();
  });

  test('a consumer that was made and never asks takes nothing', async () => {
    const world = new FeedWorld();
    world.feed.batches();
    (await world.open('a')).messages({ c: 'a' });
    expect(await world.taken()).toEqual([{ c: 'a' }]);
    await world.feed.stop();
  });

  test('stop ends it cleanly, after what waited has been delivered', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a');
    socket.messages({ c: 'a' });
    const batches = world.feed.batches();
    await world.feed.stop();
    expect(await batches.next()).toEqual({ done: false, value: [{ c: 'a' }] });
    expect(await batches.next()).toEqual({ done: true, value: undefined });
  });

  test('stop ends one that waits', async () => {
    const world = new FeedWorld();
    const pending = world.feed.batches().next();
    await settle();
    await world.feed.stop();
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  test('abort ends it within the tick and leaves what waits to the next', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a');
    const abort = new AbortController();
    const batches = world.feed.batches(abort.signal);
    const pending = batches.next();
    let isDone = false;
    void pending.then(() => (isDone = true));
    abort.abort();
    for (let microtasks = 0; microtasks < 10; microtasks += 1) await Promise.resolve();
    expect(isDone).toBe(true);
    expect(await pending).toEqual({ done: true, value: undefined });
    socket.messages({ c: 'a' });
    expect(await world.feed.batches(abort.signal).next()).toEqual({ done: true, value: undefined });
    expect(await world.taken()).toEqual([{ c: 'a' }]);
    await world.feed.stop();
  });

  test.each(['waits', 'has a batch in hand'])(
    'the next may come in the tick of the abort of one that %s',
    async (how) => {
      const world = new FeedWorld();
      const socket = await world.open('a');
      if (how !== 'waits') socket.messages({ c: 'a', n: 1 });
      const abort = new AbortController();
      const first = world.feed.batches(abort.signal);
      const pending = first.next();
      if (how !== 'waits') await pending;
      abort.abort();
      const second = world.feed.batches();
      const batch = second.next();
      await pending;
      expect(await first.next()).toEqual({ done: true, value: undefined });
      socket.messages({ c: 'a', n: 2 });
      expect(await batch).toEqual({ done: false, value: [{ c: 'a', n: 2 }] });
      await expect(world.feed.batches().next()).rejects.toMatchObject({ code: 'FEED_TAKEN' });
      await second.return();
      await world.feed.stop();
    },
  );

  test('a long-lived signal keeps no listener of a consumer that is gone', async () => {
    const world = new FeedWorld();
    await world.open('a');
    const abort = new AbortController();
    let listeners = 0;
    const { signal } = abort;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    for (let times = 0; times < 100; times += 1) {
      world.socket.messages({ c: 'a' });
      const batches = world.feed.batches(signal);
      await batches.next();
      await batches.return();
    }
    expect(listeners).toBe(0);
    await world.feed.stop();
  });
});

describe('ResilientFeed when the consumer does not keep up', () => {
  test('drop-oldest keeps what is fresh and tells what is missing', async () => {
    const world = new FeedWorld({ buffer: { maxMessages: 3 } });
    const socket = await world.open('a');
    socket.messages(...numbered('a', 1, 5));
    expect(world.gaps).toEqual([{ channel: 'a', because: 'overflow', expected: 1, got: undefined }]);
    expect((await world.taken()).map(({ n }) => n)).toEqual([3, 4, 5]);
    expect(world.feed.status().counts).toMatchObject({ dropped: 2, gaps: 1, duplicates: 0 });
    socket.messages({ c: 'a', n: 6 });
    expect(world.gaps.length).toBe(1);
    await world.feed.stop();
  });

  test('latest-by-channel keeps the latest of each', async () => {
    const world = new FeedWorld({ buffer: { maxMessages: 3, overflow: 'latest-by-channel' } });
    const socket = await world.open('a', 'b');
    socket.messages({ c: 'a', is: '1' }, { c: 'b', is: '1' }, { c: 'a', is: '2' }, { c: 'a', is: '3' });
    expect(await world.taken()).toEqual([
      { c: 'b', is: '1' },
      { c: 'a', is: '3' },
    ]);
    expect(world.gaps).toEqual([{ channel: 'a', because: 'overflow', expected: undefined, got: undefined }]);
    await world.feed.stop();
  });

  test('disconnect closes, keeps what came before, and comes back when the consumer asks for more', async () => {
    const world = new FeedWorld({ buffer: { maxMessages: 3, overflow: 'disconnect' } });
    const socket = await world.open('a');
    socket.messages(...numbered('a', 1, 5));
    expect(socket.isTerminated).toBe(true);
    expect(world.feed.status().state).toMatchObject({
      kind: 'waiting',
      because: 'overflow',
      untilMs: Infinity,
    });
    expect(world.gaps).toEqual([{ channel: 'a', because: 'overflow', expected: 4, got: undefined }]);
    await world.advance(3_600_000);
    expect(world.sockets.length).toBe(1);
    const batches = world.feed.batches();
    expect((await batches.next()).value).toEqual(numbered('a', 1, 3));
    expect(world.feed.status().state).toMatchObject({ untilMs: Infinity });
    const pending = batches.next();
    await settle();
    expect(world.feed.status().state).toMatchObject({ kind: 'waiting', untilMs: world.clock.nowMs() + 250 });
    (await world.reopen()).messages({ c: 'a', n: 9 });
    expect((await pending).value).toEqual([{ c: 'a', n: 9 }]);
    expect(world.gaps.at(-1)).toEqual({ channel: 'a', because: 'sequence', expected: 6, got: 9 });
    await world.feed.stop();
  });

  test('a slow consumer under disconnect does not make the feed hammer the venue', async () => {
    const world = new FeedWorld({ buffer: { maxMessages: 2, overflow: 'disconnect' } });
    await world.open('a');
    for (let times = 0; times < 20; times += 1) {
      world.socket.messages({ c: 'a' }, { c: 'a' }, { c: 'a' });
      await world.taken();
      await world.reopen();
    }
    expect(world.clock.monotonicMs()).toBeGreaterThanOrEqual(4 * 30_000);
    await world.feed.stop();
  });

  test('memory is bounded under a flood that nobody reads', async () => {
    const world = new FeedWorld({ buffer: { maxMessages: 1_000 } });
    const socket = await world.open('a');
    for (let n = 1; n <= 200_000; n += 1) socket.frame(`{"messages":[{"c":"a","n":${n}}]}`);
    expect(world.feed.status()).toMatchObject({ buffered: 1_000, counts: { dropped: 199_000, gaps: 1 } });
    expect((await world.taken()).map(({ n }) => n)).toEqual(
      numbered('a', 199_001, 200_000).map(({ n }) => n),
    );
    await world.feed.stop();
  });
});
