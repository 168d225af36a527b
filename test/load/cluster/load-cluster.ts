import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variant } from '../options.ts';
import { until } from '../within.ts';
import { ask } from './ask.ts';
import { LoadProcess, fileOf } from './load-process.ts';
import { type SystemShape, exchangeConfig, systemConfig } from './system-config.ts';

const MAIN = fileOf('trading-system/main.ts');
const EXCHANGE = fileOf('toy-exchange/main.ts');

const TRADES_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 20;

/** Each stage is ready before the next is started: those who listen first. */
const STAGES: readonly (readonly (readonly [role: string, instances: number])[])[] = [
  [
    ['market-data', 1],
    ['risk', 1],
    ['portfolio', 1],
    ['notification', 1],
    ['monitoring', 1],
  ],
  [['trading', 2]],
  [['signals', 2]],
];

export interface ClusterShape extends Pick<
  SystemShape,
  'instruments' | 'redisUrl' | 'postgresUrl' | 'logLevel' | 'lease'
> {
  readonly variant: Variant;
  readonly directory: string;
  readonly quotesEveryMs: number;
  readonly say: (line: string) => void;
}

/** The trading process that trades. */
export interface Trader {
  readonly process: LoadProcess;
  readonly url: string;
  readonly tradingState: string;
  /** Why it is not active. */
  readonly restricted: string;
  readonly inDoubt: number;
}

/** The trading system as ten processes, the exchange among them. A process that ends by itself is started again. */
export class LoadCluster {
  readonly #shape: ClusterShape;
  readonly #processes = new Map<string, LoadProcess>();
  readonly #urls = new Map<string, string>();
  readonly #probes: string[] = [];
  /** Processes that ended although nobody wanted them to. */
  readonly ended: string[] = [];
  #isStopping = false;
  #starts = 0;

  private constructor(shape: ClusterShape) {
    this.#shape = shape;
  }

  /** Resolves when somebody trades, and another one stands by. */
  static async start(shape: ClusterShape, track: (cluster: LoadCluster) => void): Promise<LoadCluster> {
    const cluster = new LoadCluster(shape);
    track(cluster);
    await cluster.#start();
    return cluster;
  }

  processes(): readonly LoadProcess[] {
    return [...this.#processes.values()];
  }

  /** Of a process of that name, those of earlier starts included. */
  probes(name: string): readonly string[] {
    return this.#probes.filter((file) => file.includes(`/${name}.`));
  }

  urlOf(name: string): string {
    const url = this.#urls.get(name);
    if (url === undefined) throw new Error(`${name} is not ready`);
    return url;
  }

  /** Who trades, as soon as somebody does; entries may still be denied. */
  trader(withinMs = TRADES_WITHIN_MS): Promise<Trader> {
    return until(withinMs, 'somebody to trade', LOOK_EVERY_MS, async () => {
      const found = await Promise.all(
        ['trading-1', 'trading-2'].map((name) => this.traderAt(name).catch(() => undefined)),
      );
      return found.find((one) => one !== undefined);
    });
  }

  /** The process of that name, if it trades. */
  async traderAt(name: string): Promise<Trader | undefined> {
    const [process, url] = [this.#processes.get(name), this.#urls.get(name)];
    if (process === undefined || url === undefined || process.isOver) return undefined;
    const { body } = await ask(`${url}/status`);
    if (body['role'] !== 'active') return undefined;
    const { inDoubt } = body['orders'] as { inDoubt: number };
    return {
      process,
      url,
      tradingState: String(body['tradingState']),
      restricted: String(body['restricted']),
      inDoubt,
    };
  }

  /** Kills it, at once; it stays away until `revive`. */
  async kill(name: string): Promise<void> {
    const process = this.#processes.get(name);
    this.#processes.delete(name);
    this.#urls.delete(name);
    process?.signal('SIGKILL');
    await process?.ended;
  }

  /** Starts one of that name again. Resolves when it is ready. */
  async revive(name: string): Promise<void> {
    const [role = '', instance = '1'] = name.split(/-(?=\d+$)/);
    await this.#spawn(name, role, Number(instance));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const exchange = this.#processes.get('exchange');
    const services = this.processes().filter((one) => one !== exchange);
    await Promise.all(services.map((one) => one.stop(STOP_WITHIN_MS)));
    await exchange?.stop(STOP_WITHIN_MS);
  }

  /** At once, for whoever is about to end. */
  killAll(): void {
    this.#isStopping = true;
    for (const one of this.#processes.values()) one.signal('SIGKILL');
  }

  async #start(): Promise<void> {
    const { directory, variant, instruments, quotesEveryMs } = this.#shape;
    const dataDir = join(directory, 'data');
    await mkdir(join(directory, 'exchange'), { recursive: true });
    await mkdir(dataDir, { recursive: true });
    const [exchangeFile, systemFile] = [join(directory, 'exchange.json'), join(directory, 'system.json')];
    await writeFile(exchangeFile, JSON.stringify(exchangeConfig(instruments)));
    const exchangeUrl = await this.#run('exchange', [
      EXCHANGE,
      ...['--data-dir', join(directory, 'exchange'), '--config', exchangeFile],
      ...['--market-every-ms', String(quotesEveryMs)],
    ]);
    const venue = variant === 'paper-files' ? 'paper' : 'exchange';
    const system = systemConfig({ ...this.#shape, venue, exchangeUrl, dataDir });
    await writeFile(systemFile, JSON.stringify(system));
    for (const stage of STAGES) {
      await Promise.all(
        stage.flatMap(([role, count]) =>
          Array.from({ length: count }, (_, at) =>
            this.#spawn(count === 1 ? role : `${role}-${at + 1}`, role, at + 1),
          ),
        ),
      );
    }
    await this.entriesPass();
  }

  /** Resolves when the process that trades lets entries through: quotes are there, and the kill switch is in step. */
  async entriesPass(withinMs = TRADES_WITHIN_MS): Promise<Trader> {
    return until(withinMs, 'entries to pass', LOOK_EVERY_MS, async () => {
      const trader = await this.trader(withinMs);
      if (trader.tradingState === 'active') return trader;
      throw new Error(`${trader.tradingState}: ${trader.restricted}`);
    });
  }

  async #spawn(name: string, role: string, instance: number): Promise<void> {
    const system = join(this.#shape.directory, 'system.json');
    await this.#run(name, [MAIN, '--config', system, '--only', role, '--instance', String(instance)]);
  }

  async #run(name: string, args: readonly string[]): Promise<string> {
    this.#starts += 1;
    const probe = join(this.#shape.directory, `${name}.${this.#starts}`);
    this.#probes.push(probe);
    const one = new LoadProcess({
      ...{ name, args, probe },
      watchesGroups: name === 'portfolio',
      onEnd: (over) => {
        if (this.#isStopping || this.#processes.get(name) !== over) return;
        this.ended.push(name);
        this.#processes.delete(name);
        this.#urls.delete(name);
        if (this.ended.length <= MOST_ENDS) this.#run(name, args).catch(() => undefined);
      },
    });
    this.#processes.set(name, one);
    const startedMs = performance.now();
    const url = await one.ready;
    this.#shape.say(`  ${name} is ready after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
    if (this.#processes.get(name) === one) this.#urls.set(name, url);
    return url;
  }
}

/** After so many the rest is left as it is: something is wrong. */
const MOST_ENDS = 50;
