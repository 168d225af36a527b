import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import type { ChildOptions } from '../../integration/redis/groups-child.ts';
import { type GroupsWorld, openGroups, tick } from '../../integration/redis/groups-world.ts';

interface Said {
  readonly pid: number;
  readonly atUs: number;
  readonly kind: 'ready' | 'start' | 'end' | 'stopped';
  readonly symbol: string;
  readonly n: number;
  readonly attempt: number;
  readonly position: string;
}

const soon = { timeout: 80_000, interval: 20 };
const script = fileURLToPath(new URL('../../integration/redis/groups-child.ts', import.meta.url));
const PARTITIONS = 4;

/** Members in processes of their own, and everything that they said. */
class Children {
  readonly said: Said[] = [];
  readonly #url: string;
  readonly #options: ChildOptions;
  readonly #all: ChildProcess[] = [];

  constructor(url: string, options: ChildOptions) {
    this.#url = url;
    this.#options = options;
  }

  async start(): Promise<ChildProcess> {
    const child = spawn(
      process.execPath,
      ['--no-warnings', script, this.#url, JSON.stringify(this.#options)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    this.#all.push(child);
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.said.push(JSON.parse(line) as Said);
    });
    await vi.waitFor(() => {
      expect(this.said.some(({ pid, kind }) => pid === child.pid && kind === 'ready')).toBe(true);
    }, soon);
    return child;
  }

  of(child: ChildProcess, kind: Said['kind']): readonly Said[] {
    return this.said.filter((each) => each.pid === child.pid && each.kind === kind);
  }

  get inTime(): readonly Said[] {
    return [...this.said].sort((a, b) => a.atUs - b.atUs);
  }

  killAll(): void {
    for (const child of this.#all) child.kill('SIGKILL');
  }
}

/** Every event of a key begins only when the one before it has ended, whoever handled it. */
function expectOrder(said: readonly Said[]): void {
  const ended = new Map<string, number>();
  for (const { kind, symbol, n } of said) {
    const last = ended.get(symbol) ?? -1;
    if (kind === 'start')
      expect(n, `${symbol} ${n} began, ${last} was the last that had ended`).toBeLessThanOrEqual(last + 1);
    if (kind === 'end') ended.set(symbol, Math.max(last, n));
  }
}

const handled = (said: readonly Said[]): number =>
  new Set(said.filter(({ kind }) => kind === 'end').map(({ symbol, n }) => `${symbol} ${n}`)).size;

describe.skipIf(redisMissing !== undefined)(
  'members of a group in several processes',
  { timeout: 120_000 },
  () => {
    let server: RedisServer;
    let world: GroupsWorld;
    let children: Children;
    beforeEach(async () => {
      server = await RedisServer.start();
      world = await openGroups(server.url, { partitions: PARTITIONS });
      children = new Children(server.url, {
        leaseMs: 1000,
        partitions: PARTITIONS,
        handleMs: 4,
        rules: { concurrency: 4 },
      });
    });
    afterEach(async () => {
      children.killAll();
      await world[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    /** `count` events for each of eight keys, two to a partition. */
    async function publish(from: number, count: number): Promise<void> {
      for (let n = from; n < from + count; n++)
        for (let key = 0; key < 2 * PARTITIONS; key++)
          await world.add('market', key % PARTITIONS, tick(`K${key}`, n));
    }

    /** Two members, the first of them well on its way through what is there. */
    async function twoAtWork(): Promise<[one: ChildProcess, two: ChildProcess]> {
      const one = await children.start();
      const two = await children.start();
      await publish(0, 100);
      await vi.waitFor(() => {
        expect(children.of(one, 'end').length).toBeGreaterThan(40);
      }, soon);
      return [one, two];
    }

    const allHandled = (events: number): Promise<void> =>
      vi.waitFor(() => {
        expect(handled(children.said)).toBe(events);
      }, soon);

    test('one that dies in a handler is replaced: nothing is lost, each key keeps its order', async () => {
      const [one] = await twoAtWork();
      one.kill('SIGKILL');
      await publish(100, 50);
      await allHandled(1200);
      expectOrder(children.inTime);
      const again = children.said.filter(({ kind, attempt }) => kind === 'start' && attempt > 1);
      expect(again.length).toBeGreaterThan(0);
    });

    test('one that was frozen past its lease begins nothing more of what it has lost', async () => {
      const [one, two] = await twoAtWork();
      one.kill('SIGSTOP');
      await publish(100, 50);
      await vi.waitFor(() => {
        expect(handled(children.said)).toBeGreaterThan(1190);
      }, soon);
      await vi.waitFor(() => {
        expect(children.of(two, 'end').length).toBeGreaterThan(600);
      }, soon);
      one.kill('SIGCONT');
      await publish(150, 50);
      await allHandled(1600);
      await vi.waitFor(async () => {
        expect(await world.groups.groups()).toEqual([
          { group: 'risk', topic: 'market', lag: 0, pending: 0, deadLetters: 0, members: 2 },
        ]);
      }, soon);
      const said = children.inTime;
      expectOrder(said);
      // What the other one has ended does not begin again in the one that was frozen. The other one may begin again with what
      // was just about to be acknowledged.
      const ended = new Set<string>();
      const stale: Said[] = [];
      for (const each of said) {
        const name = `${each.symbol} ${each.n}`;
        if (each.kind === 'start' && each.pid === one.pid && ended.has(name)) stale.push(each);
        if (each.kind === 'end' && each.pid !== one.pid) ended.add(name);
      }
      expect(stale).toEqual([]);
      const starts = said.filter(({ kind }) => kind === 'start').length;
      expect(starts - 1600).toBeLessThanOrEqual(40); // what was running, and what was not acknowledged yet
    });

    test('an orderly stop gives back what has not begun without counting an attempt, and nothing is handled twice', async () => {
      const [one] = await twoAtWork();
      one.kill('SIGTERM');
      await children.start();
      await publish(100, 50);
      await allHandled(1200);
      expectOrder(children.inTime);
      const starts = children.said.filter(({ kind }) => kind === 'start');
      expect(starts.filter(({ attempt }) => attempt > 1)).toEqual([]);
      expect(starts).toHaveLength(1200);
    });

    test('an event that kills its process goes to the dead letters, and takes no other with it', async () => {
      children = new Children(server.url, {
        leaseMs: 300,
        partitions: PARTITIONS,
        handleMs: 1,
        rules: { maxAttempts: 3 },
      });
      let one = await children.start();
      await world.add(
        'market',
        0,
        tick('A', 0),
        tick('KILL', 0),
        ...Array.from({ length: 100 }, (_, n) => tick('A', n + 1)),
      );
      await vi.waitFor(async () => {
        if (one.exitCode !== null || one.signalCode !== null) one = await children.start();
        expect(await world.groups.deadLetters.list()).toHaveLength(1);
      }, soon);
      const [letter] = await world.groups.deadLetters.list();
      expect(letter).toMatchObject({ group: 'risk', topic: 'market', reason: 'CRASHED', attempts: 3 });
      expect(children.said.filter(({ symbol, kind }) => symbol === 'KILL' && kind === 'start')).toHaveLength(
        3,
      );
      await allHandled(101);
      expectOrder(children.inTime.filter(({ symbol }) => symbol === 'A'));
    });
  },
);
