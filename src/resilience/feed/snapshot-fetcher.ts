import type { Clock } from '../../core/clock.ts';
import { backoffMs } from '../../core/backoff.ts';
import { linkedAbort } from '../linked-abort.ts';
import type { FeedSettings } from './feed-options.ts';

export interface SnapshotFetcherDeps<M> {
  readonly clock: Clock;
  readonly random: () => number;
  readonly fetch: (channel: string, signal: AbortSignal) => Promise<readonly M[]>;
  /** The last number that a snapshot covers; undefined where it has none. */
  readonly lastOf: (messages: readonly M[]) => number | undefined;
  readonly onSnapshot: (channel: string, messages: readonly M[]) => void;
  /** It is tried again, later each time. */
  readonly onFailure: (channel: string, error: unknown) => void;
}

interface Wanted {
  readonly channel: string;
  /** The number that the snapshot must cover at least. */
  reach: number;
  /** It was asked for again after the answer that is awaited had been. */
  isAskedAgain: boolean;
  readonly abort: AbortController;
}

/** Fetches the state of channels anew: one answer at a time for each, a few channels at once, again until one is new enough. */
export class SnapshotFetcher<M> {
  readonly #options: FeedSettings['snapshots'];
  readonly #deps: SnapshotFetcherDeps<M>;
  readonly #wanted = new Map<string, Wanted>();
  readonly #line: Wanted[] = [];
  #running = 0;

  constructor(options: FeedSettings['snapshots'], deps: SnapshotFetcherDeps<M>) {
    this.#options = options;
    this.#deps = deps;
  }

  awaits(channel: string): boolean {
    return this.#wanted.has(channel);
  }

  /** @param reach the number that it must cover at least; -Infinity where there is none */
  request(channel: string, reach: number): void {
    const wanted = this.#wanted.get(channel);
    if (wanted !== undefined) {
      wanted.reach = Math.max(wanted.reach, reach);
      wanted.isAskedAgain = true;
      return;
    }
    const fresh = { channel, reach, isAskedAgain: false, abort: new AbortController() };
    this.#wanted.set(channel, fresh);
    this.#line.push(fresh);
    this.#next();
  }

  cancel(channel: string): void {
    this.#wanted.get(channel)?.abort.abort(new Error('no longer wanted'));
    this.#wanted.delete(channel);
  }

  cancelAll(): void {
    for (const channel of [...this.#wanted.keys()]) this.cancel(channel);
  }

  #next(): void {
    while (this.#running < this.#options.maxConcurrent) {
      const wanted = this.#line.shift();
      if (wanted === undefined) return;
      if (wanted.abort.signal.aborted) continue;
      this.#running += 1;
      void this.#run(wanted).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  async #run(wanted: Wanted): Promise<void> {
    const { signal } = wanted.abort;
    for (let failures = 0; ; failures += 1) {
      const messages = await this.#attempt(wanted).catch((error: unknown) => {
        if (!signal.aborted) this.#deps.onFailure(wanted.channel, error);
        return undefined;
      });
      if (isAborted(signal)) return;
      if (messages !== undefined) {
        this.#wanted.delete(wanted.channel);
        this.#deps.onSnapshot(wanted.channel, messages);
        return;
      }
      const waitMs = backoffMs(failures, this.#options, this.#deps.random);
      await this.#deps.clock.sleep(waitMs, signal).catch(() => undefined);
      if (isAborted(signal)) return;
    }
  }

  async #attempt(wanted: Wanted): Promise<readonly M[]> {
    wanted.isAskedAgain = false;
    const messages = await this.#inTime(wanted);
    const last = this.#deps.lastOf(messages);
    // Without numbers nothing says that it is newer than what it was asked for again for.
    if (last === undefined ? !wanted.isAskedAgain : last >= wanted.reach) return messages;
    throw new Error(
      last === undefined
        ? 'there was another gap after the snapshot was asked for'
        : `the snapshot ends at ${last}, before ${wanted.reach}`,
    );
  }

  /** The time limit wins, also over a protocol that does not heed its signal. */
  async #inTime({ channel, abort }: Wanted): Promise<readonly M[]> {
    const { promise: cut, reject } = Promise.withResolvers<never>();
    const link = linkedAbort(abort.signal, () => {
      reject(abort.signal.reason);
    });
    const late = this.#deps.clock.deadline(this.#options.timeoutMs, () => {
      const error = new Error(`no snapshot within ${this.#options.timeoutMs} ms`);
      link.abort(error);
      reject(error);
    });
    try {
      return await Promise.race([(async () => this.#deps.fetch(channel, link.signal))(), cut]);
    } finally {
      late[Symbol.dispose]();
      link.dispose();
    }
  }
}

/** Asked again after each wait, as it changes meanwhile. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;
