import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

/** A process of a drill: it answers one question at a time, and says on stderr what it should not have to say. */
export class DrillChild {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #stderr = '';

  /** @param file beside this one */
  constructor(file: string, args: readonly string[], nodeOptions: readonly string[] = []) {
    this.#process = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        ...nodeOptions,
        fileURLToPath(new URL(file, import.meta.url)),
        ...args,
      ],
      { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    );
    const { stderr } = this.#process;
    // Not `close`, which does not come once a channel was closed on this side.
    this.#ended = Promise.all([once(this.#process, 'exit'), stderr && finished(stderr)]);
    stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
  }

  /** All that it wrote there. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Asks, and gets the answer; throws when it ends instead. */
  async ask<Answer>(question: object = {}): Promise<Answer> {
    const answer = once(this.#process, 'message') as Promise<[Answer]>;
    this.#process.send(question);
    const message = await Promise.race([answer, this.#ended.then(() => undefined)]);
    if (message === undefined) throw new Error(`the process ended: ${this.#stderr}`);
    return message[0];
  }

  /** Lets it end, and waits until all that it wrote is here. @returns its exit code */
  async end(): Promise<number | null> {
    if (this.#process.connected) this.#process.disconnect();
    await this.#ended;
    return this.#process.exitCode;
  }
}
