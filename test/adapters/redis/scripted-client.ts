import type { RedisClientPort } from '../../../src/adapters/redis/redis-client.ts';

/** One command that waits for the test to answer it. */
export interface SentCommand {
  readonly args: readonly string[];
  readonly reply: (value: unknown) => void;
  readonly fail: (message: string) => void;
}

/** A client whose server is the test. */
export class ScriptedClient implements RedisClientPort {
  readonly sent: SentCommand[] = [];
  isDestroyed = false;
  readonly #listeners: Record<string, ((error?: unknown) => void)[]> = {};
  readonly #connected = Promise.withResolvers<undefined>();
  /** Answers what it can at once. */
  answer: (args: readonly string[]) => unknown = () => undefined;

  connect(): Promise<unknown> {
    return this.#connected.promise;
  }

  accept(): void {
    this.#connected.resolve(undefined);
  }

  refuse(message: string): void {
    this.#connected.reject(new Error(message));
  }

  sendCommand(args: readonly string[]): Promise<unknown> {
    const answer = this.answer(args);
    if (answer instanceof Error) return Promise.reject(answer);
    if (answer !== undefined) return Promise.resolve(answer);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.sent.push({
      args,
      reply: resolve,
      fail: (message) => {
        reject(new Error(message));
      },
    });
    return promise;
  }

  destroy(): void {
    if (this.isDestroyed) throw new Error('The client is closed');
    this.isDestroyed = true;
  }

  on(event: 'error' | 'end', listener: (error?: unknown) => void): void {
    (this.#listeners[event] ??= []).push(listener);
  }

  emit(event: 'error' | 'end', error?: unknown): void {
    for (const listener of this.#listeners[event] ?? []) listener(error);
  }
}
