import { describe, expect, test } from 'vitest';
import { FeedWorld, type Message, numbered, settle } from './support/feed-world.ts';

const BACK_OFF = { timeoutMs: 1_000, baseDelayMs: 1_000, maxDelayMs: 4_000 };

/** Answers that the test gives, one for each time that a snapshot is asked for. */
class Snapshots {
  readonly asked: string[] = [];
  readonly signals: AbortSignal[] = [];
  readonly answers: PromiseWithResolvers<readonly Message[]>[] = [];

  readonly fetch = (channel: string, signal: AbortSignal): Promise<readonly Message[]> => {
    this.asked.push(channel);
    this.signals.push(signal);
    const answer = Promise.withResolvers<readonly Message[]>();
    this.answers.push(answer);
    return answer.promise;
  };

  /** The latest question is answered by a snapshot that ends at this number. */
  async answer(c: string, last: number): Promise<void> {
    this.answers.at(-1)?.resolve([{ c, n: 0, last, is: 'snapshot' }]);
    await settle();
  }

  async fail(): Promise<void> {
    this.answers.at(-1)?.reject(new Error('503'));
    await settle();
  }
}

const reconnected = (channel: string) => ({
  channel,
  because: 'reconnected',
  expected: undefined,
  got: undefined,
});

const worldWith = (
  snapshots: Snapshots,
  options: ConstructorParameters<typeof FeedWorld>[0] = {},
): FeedWorld => new FeedWorld({ snapshots: BACK_OFF, ...options }, { snapshot: snapshots.fetch });

describe('ResilientFeed and the numbers of a channel', () => {
  test('drops duplicates, tells a gap before what follows it, and goes on', async () => {
    const world = new FeedWorld();
    const socket = await world.open('a', 'b');
    const one = numbered('a', 1, 2);
    socket.messages(...one, ...one, { c: 'b', n: 9 }, { c: 'a', n: 5 }, { c: 'a', n: 4 }, { c: 'b', n: 10 });
    expect(world.gaps).toEqual([{ channel: 'a', because: 'sequence', expected: 3, got: 5 }]);
    expect(await world.taken()).toEqual([...one, { c: 'b', n: 9 }, { c: 'a', n: 5 }, { c: 'b', n: 10 }]);
    expect(world.feed.status().counts).toMatchObject({ duplicates: 3, gaps: 1, messages: 8 });
    await world.feed.stop();
  });

  test('numbers go on over connections: what was missed meanwhile is a gap, what was not is none', async () => {
    const world = new FeedWorld();
    (await world.open('a', 'b')).messages({ c: 'a', n: 1 }, { c: 'b', n: 1 });
    world.socket.end();
    (await world.reopen()).messages({ c: 'a', n: 2 }, { c: 'b', n: 3 });
    expect(world.gaps).toEqual([{ channel: 'b', because: 'sequence', expected: 2, got: 3 }]);
    await world.feed.stop();
  });

  test('where each connection counts anew, each but the first is a gap', async () => {
    const world = new FeedWorld({}, { sequenceScope: 'connection' });
    (await world.open('a')).messages(...numbered('a', 1, 3));
    world.socket.end();
    expect(world.gaps).toEqual([]);
    const socket = await world.reopen();
    expect(world.gaps).toEqual([
      { channel: 'a', because: 'reconnected', expected: undefined, got: undefined },
    ]);
    socket.messages(...numbered('a', 1, 2));
    expect((await world.taken()).map(({ n }) => n)).toEqual([1, 2, 3, 1, 2]);
    await world.feed.stop();
  });

  test('a wanted channel that showed no numbers has a hole after each reconnection, also if it never spoke', async () => {
    const world = new FeedWorld();
    (await world.open('a', 'b', 'orders')).messages({ c: 'a' }, { c: 'b', n: 1 });
    world.socket.end();
    await world.reopen();
    expect(world.gaps).toEqual([reconnected('a'), reconnected('orders')]);
    await world.feed.stop();
  });

  test('a channel that no connection was asked for yet has none', async () => {
    const world = new FeedWorld();
    (await world.open('a')).end();
    world.feed.subscribe('b');
    await world.reopen();
    world.feed.subscribe('c');
    expect(world.gaps).toEqual([reconnected('a')]);
    world.socket.end();
    await world.reopen();
    expect(world.gaps.slice(1)).toEqual([reconnected('a'), reconnected('b'), reconnected('c')]);
    await world.feed.stop();
  });

  test('a numbered channel that is silent after a reconnection is told at exactly the limit, once', async () => {
    const world = new FeedWorld();
    (await world.open('a', 'b')).messages({ c: 'a', n: 1 }, { c: 'b', n: 1 });
    world.socket.end();
    (await world.reopen()).messages({ c: 'a', n: 2 });
    await world.advance(2_999);
    expect(world.gaps).toEqual([]);
    await world.advance(1);
    expect(world.gaps).toEqual([reconnected('b')]);
    await world.advance(60_000);
    expect(world.gaps.length).toBe(1);
    await world.feed.stop();
  });

  test('one that is given up, or loses its connection again, in that time is not told', async () => {
    const world = new FeedWorld();
    (await world.open('a', 'b')).messages({ c: 'a', n: 1 }, { c: 'b', n: 1 });
    world.socket.end();
    await world.reopen();
    world.feed.unsubscribe('a');
    world.socket.end();
    await world.advance(3_000);
    expect(world.gaps).toEqual([]);
    await world.feed.stop();
    expect(world.clock.nextDueMs).toBe(Infinity);
  });

  test('a venue that counts anew is not silence for ever', async () => {
    const world = new FeedWorld({ restartAfterDuplicates: 3 });
    (await world.open('a')).messages({ c: 'a', n: 1_000 });
    world.socket.messages(...numbered('a', 1, 5));
    expect(world.gaps).toEqual([{ channel: 'a', because: 'restarted', expected: 1_001, got: 3 }]);
    expect((await world.taken()).map(({ n }) => n)).toEqual([1_000, 3, 4, 5]);
    await world.feed.stop();
  });

  test('messages without a channel belong to one without a name', async () => {
    const world = new FeedWorld({}, { channelOf: () => undefined });
    (await world.open('a')).messages({ c: 'a' });
    world.socket.end();
    await world.reopen();
    expect(world.gaps).toEqual([reconnected('a'), reconnected('')]);
    await world.feed.stop();
  });
});

describe('ResilientFeed and snapshots', () => {
  test('fetches one when a channel begins, and delivers it in order while the others go on', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots);
    const socket = await world.open('a');
    socket.messages({ c: 'a', n: 7 });
    await settle();
    expect(snapshots.asked).toEqual(['a']);
    expect(world.feed.status().channels).toMatchObject([{ channel: 'a', awaitsSnapshot: true }]);
    socket.messages({ c: 'a', n: 8 });
    await snapshots.answer('a', 6);
    socket.messages({ c: 'a', n: 9 });
    expect((await world.taken()).map(({ n, is }) => is ?? n)).toEqual([7, 8, 'snapshot', 9]);
    expect(world.feed.status()).toMatchObject({
      channels: [{ awaitsSnapshot: false }],
      counts: { snapshots: 1, gaps: 0, duplicates: 0 },
    });
    await world.feed.stop();
  });

  test('after a gap asks again until the snapshot reaches over it, later each time', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots);
    const socket = await world.open('a');
    socket.messages({ c: 'a', n: 1 });
    await settle();
    await snapshots.answer('a', 0);
    socket.messages({ c: 'a', n: 10 });
    await settle();
    expect(snapshots.asked.length).toBe(2);
    await snapshots.answer('a', 8);
    await world.advance(499);
    expect(snapshots.asked.length).toBe(2);
    await world.advance(1);
    expect(snapshots.asked.length).toBe(3);
    await snapshots.fail();
    await world.advance(1_000);
    expect(snapshots.asked.length).toBe(4);
    await snapshots.answer('a', 9);
    await world.advance(60_000);
    expect(snapshots.asked.length).toBe(4);
    expect(world.lines.map(({ fields }) => fields['error'])).toContain(
      'Error: the snapshot ends at 8, before 9',
    );
    await world.feed.stop();
  });

  test('one at a time for a channel: a gap meanwhile raises what the snapshot must reach', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots);
    const socket = await world.open('a');
    socket.messages({ c: 'a', n: 1 }, { c: 'a', n: 5 }, { c: 'a', n: 9 });
    await settle();
    expect(snapshots.asked).toEqual(['a']);
    await snapshots.answer('a', 7);
    await world.advance(500);
    expect(snapshots.asked).toEqual(['a', 'a']);
    await snapshots.answer('a', 8);
    expect((await world.taken()).map(({ n, is }) => is ?? n)).toEqual([1, 5, 9, 'snapshot']);
    await world.feed.stop();
  });

  test('a few channels at a time; the others wait in line', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots, { snapshots: { ...BACK_OFF, maxConcurrent: 2 } });
    (await world.open('a', 'b', 'c', 'd')).messages(...['a', 'b', 'c', 'd'].map((c) => ({ c, n: 1 })));
    await settle();
    expect(snapshots.asked).toEqual(['a', 'b']);
    await snapshots.answer('b', 0);
    expect(snapshots.asked).toEqual(['a', 'b', 'c']);
    await world.feed.stop();
  });

  test('gives one up that takes too long, whatever it does with its signal', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots);
    (await world.open('a')).messages({ c: 'a', n: 1 });
    await settle();
    await world.advance(999);
    expect(snapshots.signals[0]?.aborted).toBe(false);
    await world.advance(1);
    expect(snapshots.signals[0]?.aborted).toBe(true);
    await world.advance(500);
    expect(snapshots.asked.length).toBe(2);
    snapshots.answers[0]?.resolve([{ c: 'a', is: 'late' }]);
    await settle();
    expect(await world.taken()).toEqual([{ c: 'a', n: 1 }]);
    await world.feed.stop();
  });

  test('a channel that nobody wants any more needs none, running, waiting or in line', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots, { snapshots: { ...BACK_OFF, maxConcurrent: 1 } });
    (await world.open('a', 'b')).messages({ c: 'a', n: 1 }, { c: 'b', n: 1 });
    await settle();
    world.feed.unsubscribe('a', 'b');
    await settle();
    expect(snapshots.signals[0]?.aborted).toBe(true);
    snapshots.answers[0]?.resolve([{ c: 'a', is: 'snapshot' }]);
    await world.advance(60_000);
    expect(snapshots.asked).toEqual(['a']);
    expect((await world.taken()).map(({ is }) => is)).toEqual([undefined, undefined]);
    await world.feed.stop();
    expect(world.clock.nextDueMs).toBe(Infinity);
  });

  test.each(['asked for', 'waiting to be asked for again'])('stop leaves none that is %s', async (phase) => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots);
    (await world.open('a')).messages({ c: 'a', n: 1 });
    await settle();
    if (phase !== 'asked for') await snapshots.fail();
    await world.feed.stop();
    await settle();
    expect([snapshots.signals[0]?.aborted, world.clock.nextDueMs]).toEqual([phase === 'asked for', Infinity]);
    expect(snapshots.asked.length).toBe(1);
  });

  test('one that has come leaves no timer', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots);
    (await world.open('a')).messages({ c: 'a', n: 1 });
    await settle();
    await snapshots.answer('a', 0);
    await world.feed.stop();
    expect(world.clock.nextDueMs).toBe(Infinity);
  });

  test('a channel without numbers gets one after a reconnection', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots);
    (await world.open('a')).messages({ c: 'a' });
    world.socket.end();
    await world.reopen();
    await settle();
    expect(snapshots.asked).toEqual(['a']);
    snapshots.answers[0]?.resolve([{ c: 'a', is: 'snapshot' }]);
    await settle();
    expect(await world.taken()).toEqual([{ c: 'a' }, { c: 'a', is: 'snapshot' }]);
    await world.feed.stop();
  });

  test('one without numbers that was asked for before a new gap does not close it', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots);
    (await world.open('a')).messages({ c: 'a' });
    for (let times = 0; times < 2; times += 1) {
      world.socket.end();
      await world.reopen();
      await settle();
    }
    expect([world.gaps.length, snapshots.asked.length]).toEqual([2, 1]);
    snapshots.answers[0]?.resolve([{ c: 'a', is: 'old' }]);
    await settle();
    await world.advance(500);
    expect(snapshots.asked.length).toBe(2);
    snapshots.answers[1]?.resolve([{ c: 'a', is: 'new' }]);
    await settle();
    expect((await world.taken()).map(({ is }) => is)).toEqual([undefined, 'new']);
    await world.feed.stop();
  });

  test('a hole in a channel that nobody wants any more needs none', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots, { buffer: { maxMessages: 1 } });
    (await world.open('a')).messages({ c: 'a' }, { c: 'a' });
    world.feed.unsubscribe('a');
    expect((await world.taken()).length).toBe(1);
    expect(snapshots.asked).toEqual([]);
    await world.feed.stop();
  });

  test('one that is larger than the buffer is refused', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots, { buffer: { maxMessages: 2 } });
    (await world.open('a')).messages({ c: 'a', n: 1 });
    await settle();
    snapshots.answers[0]?.resolve(numbered('a', 1, 3));
    await settle();
    expect(world.lines.map(({ fields }) => fields['error'])).toEqual([
      'RangeError: 3 messages do not fit into a buffer of 2',
    ]);
    expect(await world.taken()).toEqual([{ c: 'a', n: 1 }]);
    await world.feed.stop();
  });

  test('what the consumer did not keep up with is fetched once it has taken the rest', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots, { buffer: { maxMessages: 3, overflow: 'drop-newest' } });
    const socket = await world.open('a');
    socket.messages({ c: 'a', n: 1 });
    await settle();
    await snapshots.answer('a', 0);
    socket.messages(...numbered('a', 2, 5));
    await settle();
    expect(world.gaps).toEqual([{ channel: 'a', because: 'overflow', expected: 3, got: undefined }]);
    expect(snapshots.asked.length).toBe(1);
    expect((await world.taken()).map(({ n, is }) => is ?? n)).toEqual([1, 'snapshot', 2]);
    expect(snapshots.asked.length).toBe(2);
    await snapshots.answer('a', 4);
    await world.advance(500);
    expect(snapshots.asked.length).toBe(3);
    await snapshots.answer('a', 5);
    expect((await world.taken()).map(({ is }) => is)).toEqual(['snapshot']);
    await world.feed.stop();
  });

  test('one that never spoke gets one after a reconnection', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots);
    (await world.open('orders')).end();
    await world.reopen();
    await settle();
    expect(snapshots.asked).toEqual(['orders']);
    await world.feed.stop();
  });

  test('a numbered channel that is silent after a reconnection gets one that is not older than what it had', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots);
    (await world.open('a')).messages(...numbered('a', 1, 10));
    await settle();
    await snapshots.answer('a', 0);
    world.socket.end();
    await world.reopen();
    await world.advance(3_000);
    expect(snapshots.asked.length).toBe(2);
    await snapshots.answer('a', 9);
    await world.advance(500);
    expect(snapshots.asked.length).toBe(3);
    await snapshots.answer('a', 10);
    expect((await world.taken()).filter(({ is }) => is !== undefined).map(({ last }) => last)).toEqual([
      0, 10,
    ]);
    await world.feed.stop();
  });

  test('none is asked for after a stop, whatever the consumer then takes', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots, { buffer: { maxMessages: 2 } });
    (await world.open('a')).messages(...numbered('a', 1, 5));
    await settle();
    await world.feed.stop();
    expect((await world.taken()).length).toBe(2);
    await settle();
    expect([snapshots.asked, world.clock.nextDueMs]).toEqual([['a'], Infinity]);
  });

  test.each(['stop', 'unsubscribe'] as const)(
    'none is asked for when who is told of a gap calls %s',
    async (calls) => {
      const snapshots = new Snapshots();
      const world: FeedWorld = new FeedWorld(
        {},
        { snapshot: snapshots.fetch },
        { onGap: () => void world.feed[calls]('a') },
      );
      (await world.open('a')).messages({ c: 'a', n: 1 });
      await settle();
      await snapshots.answer('a', 0);
      world.socket.messages({ c: 'a', n: 5 }, { c: 'a', n: 6 });
      await world.advance(60_000);
      expect(snapshots.asked).toEqual(['a']);
      expect((await world.taken()).map(({ n }) => n)).toEqual([1, 0]);
      await world.feed.stop();
      expect(world.clock.nextDueMs).toBe(Infinity);
    },
  );

  test('a listener that stops the feed when it is told of a reconnection leaves no timer', async () => {
    const snapshots = new Snapshots();
    const world: FeedWorld = new FeedWorld(
      { channelStaleAfterMs: 60_000, staleAfterMs: 60_000 },
      { snapshot: snapshots.fetch },
      { onGap: () => void world.feed.stop() },
    );
    (await world.open('a', 'b')).end();
    await world.reopen();
    await settle();
    expect([snapshots.asked, world.clock.nextDueMs]).toEqual([[], Infinity]);
  });

  test('one of 200,000 messages is looked through', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots, { buffer: { maxMessages: 1_000_000 } });
    (await world.open('a')).messages({ c: 'a', n: 5 });
    await settle();
    snapshots.answers[0]?.resolve(numbered('a', 1, 200_000));
    await settle();
    expect(world.feed.status()).toMatchObject({ buffered: 200_001, channels: [{ awaitsSnapshot: false }] });
    await world.feed.stop();
  });
});

describe('ResilientFeed and channels that nobody wants', () => {
  test('leaves them out, counts them, and fetches no snapshots of them', async () => {
    const snapshots = new Snapshots();
    const world = worldWith(snapshots);
    (await world.open('a')).messages({ c: 'x', n: 1 }, { c: 'y' }, { c: 'a', n: 1 });
    await settle();
    expect([snapshots.asked, await world.taken()]).toEqual([['a'], [{ c: 'a', n: 1 }]]);
    expect(world.feed.status().counts).toMatchObject({ messages: 3, unwanted: 2 });
    world.socket.end();
    await world.reopen();
    expect(world.gaps).toEqual([]);
    await world.feed.stop();
  });

  test('one that is given up while its connection is replaced stays given up', async () => {
    const world = new FeedWorld();
    const old = await world.open('a', 'b');
    old.messages({ c: 'a' }, { c: 'b' });
    old.frame('{"closing":true}');
    await settle();
    const next = world.socket.open();
    await world.taken();
    world.feed.unsubscribe('b');
    next.messages({ c: 'a', is: 'new' }, { c: 'b' });
    expect(await world.taken()).toEqual([{ c: 'a', is: 'new' }]);
    await world.feed.stop();
  });

  test('without subscribe all come through, of 10,000 channels at most', async () => {
    const world = new FeedWorld({ buffer: { maxMessages: 100_000 } });
    world.feed.start();
    await settle();
    world.socket
      .open()
      .messages(...Array.from({ length: 10_001 }, (_, at) => ({ c: `c${at}` })), { c: 'c0' });
    expect((await world.taken()).length).toBe(10_001);
    expect(world.feed.status().counts.unwanted).toBe(1);
    await world.feed.stop();
  });

  test('the first subscribe ends those that came by the url', async () => {
    const world = new FeedWorld();
    world.feed.start();
    await settle();
    const socket = world.socket.open();
    socket.messages({ c: 'x' });
    world.feed.subscribe('a');
    socket.messages({ c: 'x' }, { c: 'a' });
    expect(await world.taken()).toEqual([{ c: 'x' }, { c: 'a' }]);
    await world.feed.stop();
  });
});
