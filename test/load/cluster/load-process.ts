import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readyUrl } from '../../../examples/trading-system/supervisor/ready-line.ts';
import { within } from '../within.ts';

const WATCH_PARENT = new URL('../../../examples/trading-system/supervisor/watch-parent.ts', import.meta.url)
  .href;
const PROBE = new URL('probe.ts', import.meta.url).href;
const READY_WITHIN_MS = 180_000;
const KEPT_LINES = 20;

export const fileOf = (path: string): string =>
  fileURLToPath(new URL(`../../../examples/${path}`, import.meta.url));

export interface ProcessOrder {
  readonly name: string;
  /** For Node: the file to run, then its arguments. */
  readonly args: readonly string[];
  /** Where the probe writes. */
  readonly probe: string;
  /** Whether arrivals at groups of the bus are measured. */
  readonly watchesGroups?: boolean;
  readonly onEnd?: (one: LoadProcess) => void;
}

/** A process of the system, with a probe in it. It ends by itself when this process is gone. */
export class LoadProcess {
  readonly name: string;
  readonly probe: string;
  /** Resolves when it says that it is ready. */
  readonly ready: Promise<string>;
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];

  constructor({ name, args, probe, watchesGroups = false, onEnd }: ProcessOrder) {
    this.name = name;
    this.probe = probe;
    this.#child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--import', WATCH_PARENT, '--import', PROBE, ...args],
      {
        env: {
          ...process.env,
          PORT: undefined,
          LOAD_PROBE: probe,
          LOAD_PROBE_GROUPS: watchesGroups ? '1' : undefined,
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    const { promise: isReady, resolve: tellReady, reject: tellNever } = Promise.withResolvers<string>();
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        const url = readyUrl(line)?.url;
        if (url !== undefined) tellReady(url);
        this.#lines.push(line.slice(0, 1_000));
        if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      });
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('error', () => {
        resolve(null);
      });
      this.#child.once('exit', (code) => {
        resolve(code);
      });
    });
    void this.ended.then((code) => {
      tellNever(new Error(`${name} ended with ${String(code)}:\n${this.said()}`));
      onEnd?.(this);
    });
    this.ready = within(READY_WITHIN_MS, `${name} to be ready`, isReady).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.said()}`);
    });
    this.ready.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
  }

  /** What it wrote last. */
  said(): string {
    return this.#lines.join('\n');
  }

  signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGUSR2'): void {
    this.#child.kill(name);
  }

  /** Until it is gone, at most so long; then by force. */
  async stop(withinMs: number): Promise<void> {
    this.signal('SIGTERM');
    await within(withinMs, `${this.name} to end`, this.ended).catch(() => undefined);
    this.signal('SIGKILL');
    await within(withinMs, `${this.name} to be gone`, this.ended).catch(() => undefined);
  }
}
