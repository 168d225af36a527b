import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { within } from '../within.ts';
import type { GeneratorOrder } from './main.ts';
import type { LoopResult, LoopRun } from './open-loop.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
/** What a run may take beyond its time. */
const GRACE_MS = 30_000;

/** The process that sends orders. */
export class Generator {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  constructor(instrumentIds: readonly string[]) {
    this.#child = fork(MAIN, { execArgv: ['--disable-warning=ExperimentalWarning'] });
    this.#ended = new Promise((_, reject) => {
      this.#child.once('exit', (code) => {
        reject(new Error(`the generator ended with ${String(code)}`));
      });
    });
    this.#ended.catch(() => undefined);
    this.#tell({ kind: 'begin', prefix: `load-${randomBytes(4).toString('hex')}`, instrumentIds });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  target(url: string): void {
    this.#tell({ kind: 'target', url });
  }

  /** One run at a time. */
  async run(run: LoopRun): Promise<LoopResult> {
    const result = new Promise<LoopResult>((resolve) => {
      this.#child.once('message', (message) => {
        resolve(message as LoopResult);
      });
    });
    this.#tell({ kind: 'run', ...run });
    return within(
      run.seconds * 1_000 + GRACE_MS,
      'a run of the generator',
      Promise.race([result, this.#ended]),
    );
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  #tell(order: GeneratorOrder): void {
    if (this.#child.connected) this.#child.send(order);
  }
}
