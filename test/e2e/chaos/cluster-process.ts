import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SystemConfigInput } from '../../../examples/trading-system/config.ts';
import { ask } from './ask.ts';
import { isThere } from './process-facts.ts';

const CLUSTER = fileURLToPath(new URL('../../../examples/trading-system/cluster.ts', import.meta.url));
const KEEP_JOURNAL = new URL('keep-journal.ts', import.meta.url).href;
const LIVE_HEAP = new URL('live-heap.ts', import.meta.url).href;
const LOOK_EVERY_MS = 300;

export interface Child {
  readonly name: string;
  readonly state: string;
  readonly pid?: number;
  readonly url?: string;
}

/** The trading process that says that it trades. */
export interface Active {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  readonly token: number;
  readonly inDoubt: number;
  readonly working: number;
}

interface Status {
  readonly role: string;
  readonly lease: { readonly token?: number };
  readonly orders?: { readonly working: number; readonly inDoubt: number };
}

export interface ClusterEvent {
  readonly at: string;
  readonly event: string;
  readonly child?: string;
  readonly pid?: number;
  readonly [field: string]: unknown;
}

export interface ClusterOptions {
  readonly directory: string;
  readonly redisPort: number;
  readonly postgresUrl: string | undefined;
  readonly exchangeUrl: string;
  readonly config: SystemConfigInput;
  /** Loaded into every process of it before all else. */
  readonly preload?: string | undefined;
}

/** `cluster.ts` as a process, and what it says. */
export class ClusterProcess {
  readonly events: ClusterEvent[] = [];
  readonly dataDir: string;
  /** Where its processes say what their heaps hold. */
  readonly heaps: string;
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor({ directory, redisPort, postgresUrl, exchangeUrl, config, preload }: ClusterOptions) {
    this.dataDir = join(directory, 'data');
    this.heaps = directory;
    const file = join(directory, 'config.json');
    writeFileSync(file, JSON.stringify(config));
    const args = [
      ...['--redis', `redis://127.0.0.1:${redisPort}`, '--port', '0', '--data-dir', this.dataDir],
      ...['--config', file, '--venue', exchangeUrl, '--log', 'json'],
      ...(postgresUrl === undefined ? [] : ['--postgres', postgresUrl]),
    ];
    const preloads = [KEEP_JOURNAL, LIVE_HEAP, ...(preload === undefined ? [] : [preload])];
    const options = ['--disable-warning=ExperimentalWarning', ...preloads.map((one) => `--import=${one}`)];
    this.#child = spawn(process.execPath, [CLUSTER, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CHAOS_HEAPS: this.heaps, NODE_OPTIONS: options.join(' ') },
    });
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error('expected pipes');
    stderr.pipe(createWriteStream(join(directory, 'cluster.log')));
    const events = createWriteStream(join(directory, 'cluster-events.jsonl'));
    createInterface({ input: stdout }).on('line', (line) => {
      events.write(`${line}\n`);
      this.events.push(JSON.parse(line) as ClusterEvent);
    });
    this.ended = new Promise((resolve) => this.#child.once('exit', resolve));
  }

  get url(): string {
    const status = this.events.find(({ event }) => event === 'supervising')?.['status'];
    if (typeof status !== 'string') throw new Error('the cluster does not serve yet');
    return status;
  }

  /** Every process that has ever been started. */
  get pids(): readonly number[] {
    return this.events.flatMap(({ event, pid }) => (event === 'started' && pid !== undefined ? [pid] : []));
  }

  async children(): Promise<readonly Child[]> {
    return (await ask<{ children: Child[] }>(`${this.url}/status`)).children;
  }

  async child(name: string): Promise<Child | undefined> {
    return (await this.children()).find((one) => one.name === name);
  }

  /** The first that says that it trades; one that hangs is not waited for. */
  async active(): Promise<Active | undefined> {
    const traders = (await this.children()).filter(({ name }) => name.startsWith('trading'));
    const asked = traders.map(async ({ name, pid, url }): Promise<Active> => {
      if (pid === undefined || url === undefined) throw new Error('not there');
      const { role, lease, orders } = await ask<Status>(`${url}/status`, {}, 1_500);
      if (role !== 'active' || lease.token === undefined || orders === undefined) throw new Error(role);
      return { name, pid, url, token: lease.token, ...orders };
    });
    return Promise.any(asked).catch(() => undefined);
  }

  /** @returns whether all are ready and somebody trades, in time */
  async recovered(withinMs: number): Promise<boolean> {
    const untilMs = performance.now() + withinMs;
    while (performance.now() < untilMs) {
      if (this.#child.exitCode !== null) return false;
      const children = await this.children().catch(() => []);
      const ready = children.length > 0 && children.every(({ state }) => state === 'ready');
      if (ready && (await this.active().catch(() => undefined)) !== undefined) return true;
      await sleep(LOOK_EVERY_MS);
    }
    return false;
  }

  async restart(reason: string): Promise<void> {
    await ask(`${this.url}/restart`, { body: { reason } });
    while ((await ask<{ restarting: boolean }>(`${this.url}/status`)).restarting) await sleep(LOOK_EVERY_MS);
  }

  /** In order. @returns its exit code, and the processes that are left */
  async stop(): Promise<{ readonly code: number | null; readonly left: readonly number[] }> {
    this.#child.kill('SIGTERM');
    const code = await this.ended;
    return { code, left: this.pids.filter(isThere) };
  }

  /** Whatever is still there of it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
    for (const pid of this.pids.filter(isThere)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }
}
