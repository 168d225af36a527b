import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { GroupCounters } from './group-counters.ts';
import { type GroupStatuses, isReplay } from './group-status.ts';
import { GroupStreams } from './group-streams.ts';
import { LOST } from './partition-scripts.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { type StreamEntry, fieldOf } from './stream-entry.ts';
import { TrimLease } from './trim-lease.ts';
import { REMOVABLE, TRIM } from './trim-script.ts';

export interface RedisTrimmerOptions {
  readonly keepMs?: number | undefined;
  readonly keepEvents?: number | undefined;
  readonly trimEveryMs?: number | undefined;
}

export interface RedisTrimmerDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topics: readonly string[];
  readonly partitions: number;
  readonly counters: GroupCounters;
  readonly statuses: GroupStatuses;
  readonly archive?: ((topic: string, events: readonly string[]) => Promise<void>) | undefined;
}

/** Entries that the server removes in one go, and does nothing else meanwhile. */
const AT_ONCE = 10_000;
/** What goes to the archive at once: so many entries, or about so many bytes. */
const ARCHIVED = 200;
const ARCHIVED_BYTES = 1_000_000;

/**
 * Removes events that are past their retention and that every group has acknowledged. One process at a time does it for a
 * partition; groups of replays whose process has died are removed on the way.
 */
export class RedisTrimmer {
  readonly #options: RedisTrimmerOptions;
  readonly #deps: RedisTrimmerDeps;
  readonly #everyMs: number;
  readonly #stopping = new AbortController();
  #trimming: Promise<void> | undefined;
  #timer: Disposable | undefined;

  constructor(options: RedisTrimmerOptions, deps: RedisTrimmerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#everyMs = options.trimEveryMs ?? 10_000;
  }

  start(): void {
    this.#timer = this.#deps.clock.every(this.#everyMs, () => {
      this.#trimming ??= this.#trim().finally(() => {
        this.#trimming = undefined;
      });
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopped'));
    this.#timer?.[Symbol.dispose]();
    await this.#trimming;
  }

  async #trim(): Promise<void> {
    const { link, keys, topics, partitions, counters, logger } = this.#deps;
    if (!link.isConnected) return;
    for (const topic of topics) {
      try {
        let kept = 0;
        for (let partition = 0; partition < partitions; partition++) {
          if (this.#stopping.signal.aborted) return;
          await this.#trimOne(topic, partition);
          kept += await link.command<number>(['XLEN', keys.events(topic, partition)]);
        }
        counters.kept(topic, kept);
      } catch (error) {
        logger.warn({ topic, error }, 'old events were not removed');
      }
    }
  }

  async #trimOne(topic: string, partition: number): Promise<void> {
    const { link, keys, clock } = this.#deps;
    const key = keys.trimmer(topic, partition);
    const lease = await TrimLease.take(key, { link, clock });
    if (lease === undefined) return;
    try {
      await this.#removeReplays(topic, partition);
      const { keepMs = -1, keepEvents = -1 } = this.#options;
      if (keepMs < 0 && keepEvents < 0) return;
      const all = [key, keys.events(topic, partition)];
      let hasMore = true;
      while (hasMore && !this.#stopping.signal.aborted) hasMore = await this.#step(topic, all, lease.token);
    } finally {
      await lease.end(Math.ceil(this.#everyMs * 0.9)); // over before it is this process's turn again
    }
  }

  /** Removes some; whether there may be more. */
  async #step(topic: string, all: readonly string[], token: string): Promise<boolean> {
    const { link, archive } = this.#deps;
    const { keepMs = -1, keepEvents = -1 } = this.#options;
    let limits: (string | number)[] = [keepMs, keepEvents];
    if (archive !== undefined) {
      const args = [token, keepMs, keepEvents, ARCHIVED, ARCHIVED_BYTES];
      const entries = (await REMOVABLE.run(link, all, args)) as readonly StreamEntry[] | typeof LOST;
      const last = entries === LOST ? undefined : entries.at(-1);
      if (entries === LOST || last === undefined) return false;
      await archive(
        topic,
        entries.map(([, fields]) => fieldOf(fields, 'e') ?? ''),
      );
      limits = [last[0]]; // what the archive has, and nothing else
    }
    for (;;) {
      const reply = (await TRIM.run(link, all, [token, AT_ONCE, ...limits])) as
        readonly [removed: number, hasMore: number] | readonly [] | typeof LOST;
      if (reply === LOST) return false;
      if (reply[1] !== 1) return archive !== undefined;
      if (archive === undefined) return true;
    }
  }

  /** A replay whose process has died pins what it has not read. */
  async #removeReplays(topic: string, partition: number): Promise<void> {
    const { link, keys, statuses, topics, partitions } = this.#deps;
    const groups = await link
      .command<string[][]>(['XINFO', 'GROUPS', keys.events(topic, partition)])
      .catch(() => []); // there is no such stream yet
    for (const [, name = ''] of groups) {
      if (!isReplay(name) || (await statuses.members(name)).length > 0) continue;
      await new GroupStreams(name, topics, { link, keys, partitions }).remove();
    }
  }
}
