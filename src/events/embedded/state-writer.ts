import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/message-of.ts';
import type { StateStore, StateWrite } from '../../storage/index.ts';
import type { Logger } from '../../telemetry/index.ts';

export interface StateWriterDeps {
  readonly store: StateStore;
  readonly clock: Pick<Clock, 'sleep' | 'nowMs' | 'turn'>;
  readonly logger?: Logger | undefined;
}

interface Item<C> {
  readonly change: C;
  /** Whether it is tried until it is written. */
  readonly insists: boolean;
  readonly resolve: (isWritten: boolean) => void;
  readonly reject: (reason: unknown) => void;
}

/** Changes that are written together. */
export interface Batch {
  readonly writes: readonly StateWrite[];
  /** Keys that go, after the rest is written. */
  readonly deletes: readonly string[];
  readonly written: () => void;
  readonly failed?: () => void;
}

/** Wait between attempts to write what has to be written. */
const RETRY_MS = 1000;

/** Writes changes of a bus one after another, and those of one turn of the event loop at once: none is lost to another. */
export class StateWriter<C> {
  readonly #deps: StateWriterDeps;
  /** Asked when they are written, so that it goes by how things are then. */
  readonly #batchOf: (changes: readonly C[]) => Batch;
  readonly #closing = new AbortController();
  #queue: Item<C>[] = [];
  #isRunning = false;
  #isOver = false;
  #error: string | undefined;

  constructor(deps: StateWriterDeps, batchOf: (changes: readonly C[]) => Batch) {
    this.#deps = deps;
    this.#batchOf = batchOf;
  }

  /** Why it cannot be written now. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Whether something is on its way. */
  get isBusy(): boolean {
    return this.#isRunning;
  }

  /** Writes in one attempt. Rejects as the store does. */
  async attempt(change: C): Promise<void> {
    await this.#add(change, false);
  }

  /** Writes until it is written. @returns whether it was, before the bus closed */
  insist(change: C): Promise<boolean> {
    return this.#add(change, true);
  }

  /** Everything has one attempt more. */
  stop(): void {
    this.#closing.abort(new Error('the bus closes'));
  }

  /** Begins nothing any more. */
  end(): void {
    this.#isOver = true;
  }

  #add(change: C, insists: boolean): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.#queue.push({ change, insists, resolve, reject });
    if (!this.#isRunning) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#queue.length > 0) {
      await this.#deps.clock.turn();
      const items = this.#queue;
      this.#queue = [];
      try {
        await this.#write(this.#batchOf(items.map(({ change }) => change)));
        for (const { resolve } of items) resolve(true);
      } catch (error) {
        await this.#failed(items, error);
      }
    }
    this.#isRunning = false;
  }

  async #write({ writes, deletes, written, failed }: Batch): Promise<void> {
    try {
      if (this.#isOver) throw new Error('the bus has been closed');
      if (writes.length > 0) await this.#deps.store.setAll(writes);
    } catch (error) {
      failed?.();
      throw error;
    }
    written();
    for (const key of deletes) await this.#deps.store.delete(key);
    this.#error = undefined;
  }

  async #failed(items: readonly Item<C>[], error: unknown): Promise<void> {
    if (this.#error === undefined)
      this.#deps.logger?.error({ err: error }, 'the state of the bus was not saved');
    this.#error = messageOf(error);
    const { signal } = this.#closing;
    const insistent: Item<C>[] = [];
    for (const item of items) {
      if (!item.insists) item.reject(error);
      else if (signal.aborted) item.resolve(false);
      else insistent.push(item);
    }
    if (insistent.length === 0) return;
    this.#queue = [...insistent, ...this.#queue];
    await this.#deps.clock.sleep(RETRY_MS, signal).catch(() => undefined);
  }
}
