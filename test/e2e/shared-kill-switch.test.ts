import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { RedisStateStore } from '../../src/adapters/redis/index.ts';
import { SystemClock } from '../../src/core/index.ts';
import { RedisServer, redisMissing } from '../support/redis-server.ts';

const CHILD = fileURLToPath(new URL('shared-kill-switch-child.ts', import.meta.url));
const KEY = 'shared-kill-switch';
const SOON = { timeout: 100_000, interval: 20 };
/** Above the longest that a machine under load keeps a process waiting, as a rule: what is late only restrains. */
const MAX_AGE_MS = 2_000;

interface Line {
  readonly kind: string;
  readonly state: string;
  readonly trips: number;
  readonly link: string;
  readonly pushes: number;
}

/** A process with a kill switch on a disk of its own. */
class Desk {
  readonly said: Line[] = [];
  readonly directory: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(directory: string, given: object) {
    this.directory = directory;
    this.#child = spawn(process.execPath, [CHILD, JSON.stringify({ directory, ...given })], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.said.push(JSON.parse(line) as Line);
      });
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  /** Waits for what it says first of that kind. */
  async until(kind: string): Promise<Line> {
    await vi.waitFor(() => expect(this.said.map((line) => line.kind)).toContain(kind), SOON);
    return this.said.find((line) => line.kind === kind) as Line;
  }

  /** What it says when it has done it, whether or not it was asked before. */
  async asked(command: 'trip' | 'release' | 'tell'): Promise<Line> {
    const before = this.said.length;
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const isAnswer = ({ kind }: Line): boolean => kind.startsWith(`${command} `);
    await vi.waitFor(() => expect(this.said.slice(before).some(isAnswer)).toBe(true), SOON);
    return this.said.slice(before).find(isAnswer) as Line;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

describe.skipIf(redisMissing !== undefined)(
  `kill switches of several processes, over Redis ${redisMissing ?? ''}`,
  { timeout: 120_000 },
  () => {
    let server: RedisServer;
    let a: Desk;
    let b: Desk;
    let deaf: Desk;
    const directories: string[] = [];

    const open = async ({ isPushed = true, again = '' } = {}): Promise<Desk> => {
      const directory = again === '' ? await mkdtemp(join(tmpdir(), 'kill-switch-')) : again;
      directories.push(directory);
      const options = { key: KEY, maxAgeMs: MAX_AGE_MS };
      const desk = new Desk(directory, { url: server.url, isNew: again === '', isPushed, options });
      await desk.until('ready');
      return desk;
    };
    const inStep = async (desk: Desk, state: string): Promise<void> => {
      const expected = { state, link: 'in-step', trips: state === 'active' ? 0 : 1 };
      await vi.waitFor(async () => expect(await desk.asked('tell')).toMatchObject(expected), SOON);
    };

    beforeAll(async () => {
      server = await RedisServer.start();
      [a, b, deaf] = await Promise.all([open(), open(), open({ isPushed: false })]);
    }, 120_000);

    beforeEach(async () => {
      for (const desk of [a, b, deaf]) {
        await inStep(desk, 'active');
        desk.said.length = 0;
      }
    });

    afterAll(async () => {
      await Promise.all([a, b, deaf].map((desk) => desk.end()));
      await server[Symbol.asyncDispose]();
      await Promise.all(directories.map((path) => rm(path, { recursive: true, force: true })));
    });

    test('a trip in one process restrains the others, announced or found by looking alone; so does its release', async () => {
      await a.asked('trip');
      const tripped = [await b.until('tripped'), await deaf.until('tripped')];
      expect(tripped.map(({ state, pushes }) => [state, pushes > 0])).toEqual([
        ['halted', true],
        ['halted', false],
      ]);
      await b.asked('release');
      for (const desk of [a, deaf]) await desk.until('released');
    });

    test('a process that stood still for too long decides nothing on what it knew before', async () => {
      b.signal('SIGSTOP');
      await a.asked('trip');
      await sleep(MAX_AGE_MS + 200);
      b.signal('SIGCONT');
      const thawed = await b.until('thawed');
      expect(['reducing', 'halted']).toContain(thawed.state);
      await b.until('tripped');
      await inStep(b, 'halted');
      await a.asked('release');
    });

    test('a server that is back without data is told anew what was tripped; nothing is looser meanwhile', async () => {
      await a.asked('trip');
      for (const desk of [b, deaf]) await desk.until('tripped');
      await server.restartEmpty();
      const store = await RedisStateStore.open({ url: server.url }, { clock: new SystemClock() });
      const written = { trips: [{ state: 'halted', reason: 'fire' }], isSettling: false };
      await vi.waitFor(async () => expect(await store.get(KEY)).toMatchObject({ value: written }), SOON);
      await store.close();
      for (const desk of [a, b, deaf]) {
        await inStep(desk, 'halted');
        const since = desk.said.findIndex(({ kind }) => kind === 'tripped');
        expect(desk.said.slice(since).map(({ state }) => state)).not.toContain('active');
      }
      await a.asked('release');
    });

    test('a release reaches a process that was not there', async () => {
      await a.asked('trip');
      await b.until('confirmed');
      await inStep(b, 'halted');
      await sleep(200); // its disk has it
      await b.end();
      await a.asked('release');
      b = await open({ again: b.directory });
      await inStep(b, 'active');
    });
  },
);
