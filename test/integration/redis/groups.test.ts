import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { deadLetter } from '../../../src/events/index.ts';
import { redisKeys } from '../../../src/adapters/redis/redis-keys.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { BAR, FILL, TICK, eventText, openGroups, tick } from './groups-world.ts';

const soon = { timeout: 15_000, interval: 10 };
const keys = redisKeys('test');

describe.skipIf(redisMissing !== undefined)('groups on a Redis server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  const world = async (options = {}, deps = {}) => {
    const opened = await openGroups(server.url, options, deps);
    await opened.link.command(['FLUSHALL']);
    return opened;
  };

  test('a group gets what is published from ready on, in order, and acknowledges it', async () => {
    await using w = await world();
    await w.add('market', 0, tick('BTC', 0));
    const seen: number[] = [];
    const subscription = w.groups.subscribe('risk', [TICK], (event) =>
      seen.push((event.data as { n: number }).n),
    );
    await subscription.ready;
    await w.add('market', 0, ...Array.from({ length: 500 }, (_, n) => tick('BTC', n + 1)));
    await vi.waitFor(() => {
      expect(seen).toHaveLength(500);
    }, soon);
    expect(seen).toEqual(Array.from({ length: 500 }, (_, n) => n + 1));
    await vi.waitFor(async () => {
      expect(await w.groups.groups()).toEqual([
        { group: 'risk', topic: 'market', lag: 0, pending: 0, deadLetters: 0, members: 1 },
      ]);
    }, soon);
  });

  test('every group gets every event of the types it names, and acknowledges the others unseen', async () => {
    await using w = await world();
    const ticks: string[] = [];
    const all: string[] = [];
    const one = w.groups.subscribe('ticks', [TICK], (event) => ticks.push(event.type));
    const two = w.groups.subscribe('all', '*', (event) => all.push(event.type));
    await Promise.all([one.ready, two.ready]);
    await w.add('market', 0, tick('A', 1), eventText(BAR.type, 'A', 1), tick('A', 2));
    await w.add('order', 0, eventText(FILL.type, 'A', 1));
    await vi.waitFor(() => {
      expect([ticks.length, all.length]).toEqual([2, 4]);
    }, soon);
    expect(ticks).toEqual([TICK.type, TICK.type]);
    await vi.waitFor(async () => {
      expect((await w.groups.groups()).map(({ pending, lag }) => [pending, lag])).toEqual([
        [0, 0],
        [0, 0],
        [0, 0],
      ]);
    }, soon);
  });

  test('what a handler throws is tried again, and goes to the dead letters in the end, while other keys go on', async () => {
    await using w = await world();
    const seen: string[] = [];
    const subscription = w.groups.subscribe(
      'risk',
      [TICK],
      (event, { attempt }) => {
        const { symbol, n } = event.data as { symbol: string; n: number };
        seen.push(`${symbol}${n}#${attempt}`);
        if (symbol === 'BAD' && n === 1) throw new Error('cannot');
        return n === 3 ? deadLetter('will not') : undefined;
      },
      { maxAttempts: 3, backoffMs: 20 },
    );
    await subscription.ready;
    const [first] = await w.add('market', 0, tick('BAD', 1), tick('BAD', 2), tick('OK', 1), tick('OK', 3));
    await vi.waitFor(() => {
      expect(seen).toContain('BAD2#1');
    }, soon);
    expect(seen.indexOf('OK1#1')).toBeLessThan(seen.indexOf('BAD1#3'));
    expect(seen.filter((each) => each.startsWith('BAD'))).toEqual(['BAD1#1', 'BAD1#2', 'BAD1#3', 'BAD2#1']);
    const letters = await w.groups.deadLetters.list({ group: 'risk' });
    expect(
      letters.map(({ reason, detail, attempts, position }) => ({ reason, detail, attempts, position })),
    ).toEqual([
      expect.objectContaining({ reason: 'REFUSED', detail: 'will not', attempts: 1 }),
      { reason: 'ATTEMPTS_EXHAUSTED', detail: 'cannot', attempts: 3, position: `0:${String(first)}` },
    ]);
    const [status] = await w.groups.groups();
    expect(status).toMatchObject({ deadLetters: 2, pending: 0 });
  });

  test('an orderly stop hands over at once: the other member goes on where it was left', async () => {
    await using a = await world({ leaseMs: 60_000 });
    await using b = await openGroups(server.url, { leaseMs: 60_000 });
    const byA: number[] = [];
    const byB: number[] = [];
    const one = a.groups.subscribe('risk', [TICK], async (event) => {
      await sleep(5);
      byA.push((event.data as { n: number }).n);
    });
    await one.ready;
    await a.add('market', 0, ...Array.from({ length: 100 }, (_, n) => tick('BTC', n)));
    await vi.waitFor(() => {
      expect(byA.length).toBeGreaterThan(3);
    }, soon);
    const attempts = new Set<number>();
    const two = b.groups.subscribe('risk', [TICK], (event, { attempt }) => {
      attempts.add(attempt);
      byB.push((event.data as { n: number }).n);
    });
    await two.ready;
    await one.stop();
    await vi.waitFor(() => {
      expect(byA.length + byB.length).toBe(100);
    }, soon);
    expect([...byA, ...byB]).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect([...attempts]).toEqual([1]);
  });

  test('a letter is put back for its group only', async () => {
    await using w = await world();
    let isMended = false;
    const seen: string[] = [];
    const others: string[] = [];
    const one = w.groups.subscribe('risk', [TICK], (event) => {
      if (!isMended) return deadLetter('not yet');
      return seen.push(event.id);
    });
    const two = w.groups.subscribe('other', [TICK], (event) => others.push(event.id));
    await Promise.all([one.ready, two.ready]);
    await w.add('market', 0, tick('A', 1), tick('A', 2), tick('A', 3));
    await vi.waitFor(async () => {
      expect(await w.groups.deadLetters.list()).toHaveLength(3);
    }, soon);
    const [a, b, c] = (await w.groups.deadLetters.list()).map(({ letterId }) => letterId) as [
      string,
      string,
      string,
    ];
    expect((await w.groups.deadLetters.list({ after: a, limit: 1 })).map(({ letterId }) => letterId)).toEqual(
      [b],
    );
    expect(await w.groups.deadLetters.discard([c, 'market:0:1-1', 'nonsense'])).toEqual([c]);
    isMended = true;
    expect(await w.groups.deadLetters.requeue([b, a, c])).toEqual([b, a]);
    await vi.waitFor(() => {
      expect(seen).toHaveLength(2);
    }, soon);
    expect(await w.groups.deadLetters.list()).toEqual([]);
    await vi.waitFor(async () => {
      expect(
        (await w.groups.groups()).map(({ pending, lag, deadLetters }) => [pending, lag, deadLetters]),
      ).toEqual([
        [0, 0, 0],
        [0, 0, 0],
      ]);
    }, soon);
    expect(others).toHaveLength(3);
  });

  test('a flaw goes to the dead letters of the groups that it concerns', async () => {
    await using w = await world();
    const one = w.groups.subscribe('ticks', [TICK], () => undefined);
    const two = w.groups.subscribe('bars', [BAR], () => undefined);
    await Promise.all([one.ready, two.ready]);
    await w.add(
      'market',
      0,
      '{',
      eventText('market.unknown', 'A', 1),
      eventText(TICK.type, 'A', 1, { dataversion: 9 }),
      eventText(TICK.type, 'A', 1, { data: { symbol: 'A', n: 'x' } }),
      eventText(BAR.type, 'A', 1, { source: undefined }),
    );
    await vi.waitFor(async () => {
      const letters = await w.groups.deadLetters.list();
      const reasons = (group: string) =>
        letters.filter((each) => each.group === group).map(({ reason }) => reason);
      expect(reasons('ticks')).toEqual(['INVALID', 'UNKNOWN_TYPE', 'UNKNOWN_VERSION', 'INVALID', 'INVALID']);
      expect(reasons('bars')).toEqual(['INVALID', 'UNKNOWN_TYPE', 'INVALID']);
    }, soon);
  });

  test('a server that came back empty gets the group again, and the loss is counted once', async () => {
    await using w = await world();
    const seen: number[] = [];
    const subscription = w.groups.subscribe('risk', [TICK], (event) =>
      seen.push((event.data as { n: number }).n),
    );
    await subscription.ready;
    await w.add('market', 0, tick('A', 1));
    await vi.waitFor(() => {
      expect(seen).toEqual([1]);
    }, soon);
    await w.link.command(['FLUSHALL']);
    await w.add('market', 0, tick('A', 2));
    await vi.waitFor(() => {
      expect(seen).toEqual([1, 2]);
    }, soon);
    expect(await w.link.command(['EXISTS', keys.events('market', 0)])).toBe(1);
  });

  test('a replay handles what is there, touches no group and leaves nothing behind', async () => {
    await using w = await world({ partitions: 2 });
    await w.add('market', 0, ...Array.from({ length: 300 }, (_, n) => tick('A', n)));
    await w.add('market', 1, tick('B', 0));
    const seen: number[] = [];
    const replay = w.groups.replay(
      [TICK],
      (event) => {
        const { n } = event.data as { n: number };
        if (n === 7) throw new Error('no');
        seen.push(n);
      },
      { from: 'beginning', maxAttempts: 1 },
    );
    expect(await replay.done).toEqual({ handled: 300, failed: 1, complete: true });
    expect(seen).toHaveLength(300);
    expect(await w.groups.deadLetters.list()).toEqual([]);
    expect(await w.groups.groups()).toEqual([]);
    const left = (await w.link.command<string[]>(['KEYS', '*'])).sort();
    expect(left).toEqual([keys.events('market', 0), keys.events('market', 1)]);
  });
});
