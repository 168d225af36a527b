import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until, within } from '../within.ts';
import { ask } from './ask.ts';
import { LoadProcess, fileOf } from './load-process.ts';
import { type SystemShape, exchangeConfig, systemConfig } from './system-config.ts';

const CLUSTER = fileOf('trading-system/cluster.ts');
const EXCHANGE = fileOf('toy-exchange/main.ts');
const READY_WITHIN_MS = 240_000;
const STOP_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 25;

export interface SupervisedShape {
  readonly directory: string;
  readonly redisUrl: string;
  readonly instruments: number;
  readonly quotesEveryMs: number;
  readonly lease: SystemShape['lease'];
}

interface Child {
  readonly name: string;
  readonly state: string;
  readonly pid?: number;
  readonly url?: string;
}

export interface Trader {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
}

/** What a trading process says when it begins to trade. */
export interface Opened {
  readonly name: string;
  readonly atMs: number;
  readonly tookMs: Readonly<Record<'storage' | 'journal' | 'reconcile' | 'signals', number>>;
}

/** `cluster.ts` as users start it, with its supervisor, and the exchange beside it. */
export class SupervisedCluster {
  readonly opened: Opened[] = [];
  readonly #exchange: LoadProcess;
  readonly #shape: SupervisedShape;
  readonly #said: string[] = [];
  #child: ChildProcess | undefined;
  #statusUrl: string | undefined;
  #isReady = false;

  private constructor(shape: SupervisedShape) {
    this.#shape = shape;
    const { directory, quotesEveryMs } = shape;
    this.#exchange = new LoadProcess({
      name: 'exchange',
      probe: join(directory, 'exchange.probe'),
      args: [
        EXCHANGE,
        ...['--data-dir', join(directory, 'exchange'), '--config', join(directory, 'exchange.json')],
        ...['--market-every-ms', String(quotesEveryMs)],
      ],
    });
  }

  /** Resolves when all processes are ready and entries pass. */
  static async start(
    shape: SupervisedShape,
    track: (cluster: SupervisedCluster) => void,
  ): Promise<SupervisedCluster> {
    const { directory, instruments } = shape;
    await mkdir(join(directory, 'exchange'), { recursive: true });
    await writeFile(join(directory, 'exchange.json'), JSON.stringify(exchangeConfig(instruments)));
    const cluster = new SupervisedCluster(shape);
    track(cluster);
    await cluster.#start(await cluster.#exchange.ready);
    return cluster;
  }

  async children(): Promise<readonly Child[]> {
    if (this.#statusUrl === undefined) throw new Error('the supervisor does not serve');
    return (await ask(`${this.#statusUrl}/status`)).body['children'] as Child[];
  }

  async urlOf(name: string): Promise<string> {
    const url = (await this.children()).find((one) => one.name === name)?.url;
    if (url === undefined) throw new Error(`${name} has no URL`);
    return url;
  }

  /** One process trades, the other one could, and every other process is ready. */
  both(withinMs: number): Promise<{ readonly active: Trader; readonly standby: Trader }> {
    return until(withinMs, 'one to trade and one to stand by', LOOK_EVERY_MS, async () => {
      const children = await this.children();
      if (children.some(({ state }) => state !== 'ready')) return undefined;
      const traders = children.filter((one): one is Child & Trader => one.name.startsWith('trading-'));
      const states = await Promise.all(
        traders.map(async (trader) => ({ trader, ...(await ask(`${trader.url}/status`)) })),
      );
      const inRole = (role: string): Trader | undefined =>
        states.find(({ body }) => body['role'] === role && body['tradingState'] === 'active')?.trader;
      const [active, standby] = [inRole('active'), inRole('standby')];
      return active && standby && { active, standby };
    });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await within(STOP_WITHIN_MS, 'the cluster to end', ended).catch(() => undefined);
      child.kill('SIGKILL'); // its children hear it, and end
    }
    await this.#exchange.stop(STOP_WITHIN_MS);
  }

  killAll(): void {
    this.#child?.kill('SIGKILL');
    this.#exchange.signal('SIGKILL');
  }

  async #start(exchangeUrl: string): Promise<void> {
    const { directory, redisUrl, instruments, lease } = this.#shape;
    const dataDir = join(directory, 'data');
    const file = join(directory, 'config.json');
    const {
      basePort: _,
      lease: __,
      ...config
    } = systemConfig({
      ...{ instruments, exchangeUrl, redisUrl, dataDir, venue: 'exchange', logLevel: 'info' },
      ...{ postgresUrl: undefined, lease },
    });
    await writeFile(file, JSON.stringify(config));
    const args = [
      ...['--redis', redisUrl, '--port', '0', '--data-dir', dataDir, '--config', file],
      ...['--venue', exchangeUrl, '--log', 'json'],
    ];
    const child = spawn(process.execPath, [CLUSTER, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    });
    this.#child = child;
    child.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#event(line);
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#logged(line);
    });
    const isReady = until(READY_WITHIN_MS, 'the cluster to be ready', 100, () => this.#isReady || undefined);
    const isGone = new Promise<never>((_, reject) => {
      child.once('exit', (code) => {
        reject(new Error(`the cluster ended with ${String(code)}`));
      });
    });
    isGone.catch(() => undefined);
    await Promise.race([isReady, isGone]).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.#said.join('\n')}`);
    });
    await this.both(READY_WITHIN_MS);
  }

  #event(line: string): void {
    this.#remember(line);
    const event = JSON.parse(line) as { readonly event: string; readonly status?: string };
    if (event.event === 'supervising') this.#statusUrl = event.status;
    if (event.event === 'all-ready') this.#isReady = true;
  }

  #logged(line: string): void {
    if (!line.includes('"this process trades"')) {
      if (line.includes('"level":"error"') || !line.startsWith('{')) this.#remember(line);
      return;
    }
    const { child, log } = JSON.parse(line) as {
      readonly child: string;
      readonly log: { readonly time: string | number; readonly tookMs: Opened['tookMs'] };
    };
    this.opened.push({ name: child, atMs: new Date(log.time).getTime(), tookMs: log.tookMs });
  }

  #remember(line: string): void {
    this.#said.push(line.slice(0, 500));
    if (this.#said.length > 20) this.#said.shift();
  }
}
