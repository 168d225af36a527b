import { describe, expect, test } from 'vitest';
import { FeedBuffer } from '../../../src/resilience/feed/feed-buffer.ts';
import type { OverflowPolicy } from '../../../src/resilience/index.ts';

class World {
  readonly holes: string[] = [];
  readonly buffer: FeedBuffer<string>;

  constructor(overflow: OverflowPolicy, maxMessages = 3) {
    this.buffer = new FeedBuffer<string>({ maxMessages, overflow }, ({ channel, first }) => {
      this.holes.push(`${channel}${String(first)}`);
    });
  }

  /** Each is a channel and a number, such as `a1`. */
  push(...texts: readonly string[]): boolean[] {
    return texts.map((message) => {
      const [channel = '', number] = [message[0], Number(message.slice(1))];
      return this.buffer.push({ message, channel, first: number, last: number });
    });
  }
}

describe('FeedBuffer', () => {
  test('gives everything at once, in order of receipt, and is empty then', () => {
    const world = new World('drop-oldest');
    expect(world.push('a1', 'b1', 'a2')).toEqual([true, true, true]);
    expect(world.buffer.size).toBe(3);
    expect(world.buffer.take()).toEqual({ messages: ['a1', 'b1', 'a2'], holes: new Map() });
    expect([world.buffer.size, world.buffer.dropped, world.holes]).toEqual([0, 0, []]);
  });

  test('drop-oldest drops what has waited longest', () => {
    const world = new World('drop-oldest');
    world.push('a1', 'b1', 'a2');
    expect(world.push('b2', 'a3')).toEqual([false, false]);
    expect(world.buffer.size).toBe(3);
    expect(world.holes).toEqual(['a1', 'b1']);
    expect(world.buffer.take()).toEqual({
      messages: ['a2', 'b2', 'a3'],
      holes: new Map([
        ['a', 1],
        ['b', 1],
      ]),
    });
  });

  test('drop-newest drops what comes', () => {
    const world = new World('drop-newest');
    expect(world.push('a1', 'a2', 'a3', 'a4', 'b1')).toEqual([true, true, true, false, false]);
    expect(world.holes).toEqual(['a4', 'b1']);
    expect(world.buffer.take().messages).toEqual(['a1', 'a2', 'a3']);
  });

  test('disconnect keeps what was there before', () => {
    const world = new World('disconnect');
    expect(world.push('a1', 'a2', 'a3', 'a4')).toEqual([true, true, true, false]);
    expect(world.buffer.take().messages).toEqual(['a1', 'a2', 'a3']);
  });

  test('latest-by-channel keeps the latest of each channel, once there is no room', () => {
    const world = new World('latest-by-channel');
    expect(world.push('a1', 'a2', 'b1')).toEqual([true, true, true]);
    expect(world.holes).toEqual([]);
    expect(world.push('b2', 'a3', 'b3')).toEqual([false, false, false]);
    expect(world.holes).toEqual(['a1', 'b1']);
    expect(world.buffer.size).toBe(2);
    expect(world.buffer.take().messages).toEqual(['a3', 'b3']);
    expect(world.buffer.dropped).toBe(4);
    expect(world.push('a4', 'a5')).toEqual([true, true]);
    expect(world.buffer.take().messages).toEqual(['a4', 'a5']);
  });

  test('latest-by-channel has a bound on its channels too, and drops the one that has waited longest', () => {
    const world = new World('latest-by-channel', 2);
    world.push('a1', 'b1', 'a2', 'c1');
    expect(world.buffer.take().messages).toEqual(['a2', 'c1']);
    expect(world.holes).toEqual(['a1', 'b1']);
  });

  test('a hole is told once, however much is dropped, until the consumer takes', () => {
    const world = new World('drop-newest', 1);
    world.push('a1', 'a2', 'a3', 'a4');
    expect(world.holes).toEqual(['a2']);
    expect(world.buffer.take().holes).toEqual(new Map([['a', 4]]));
    world.push('a5', 'a6');
    expect(world.holes).toEqual(['a2', 'a6']);
    expect(world.buffer.dropped).toBe(4);
  });

  test.each(['drop-oldest', 'drop-newest', 'latest-by-channel', 'disconnect'] as const)(
    '%s never holds more than its bound',
    (policy) => {
      const world = new World(policy, 10);
      let most = 0;
      for (let n = 0; n < 1_000; n += 1) {
        world.push(`${'abcdefghijklmnop'[n % 16] ?? ''}${n}`);
        most = Math.max(most, world.buffer.size);
      }
      expect(most).toBe(10);
      expect(world.buffer.take().messages.length).toBe(10);
      expect(world.buffer.dropped).toBe(990);
    },
  );

  test('a hole reaches to the highest number that was dropped, whatever is dropped after it', () => {
    const { buffer } = new World('drop-oldest', 1);
    for (const last of [100, 95, undefined, 7])
      buffer.push({ message: 'm', channel: 'a', first: last, last });
    expect(buffer.take().holes).toEqual(new Map([['a', 100]]));
    for (const last of [undefined, undefined]) buffer.push({ message: 'm', channel: 'a', first: last, last });
    expect(buffer.take().holes).toEqual(new Map([['a', undefined]]));
  });
});
