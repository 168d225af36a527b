import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { GroupCounters } from './group-counters.ts';
import { type GroupStatuses, isReplay } from './group-status.ts';
import { GroupStreams } from './group-streams.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { type StreamEntry, fieldOf } from './stream-entry.ts';
import { TRIM } from './trim-script.ts';

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

/** Entries that one script looks at: 8 µs each on a busy machine, and the server does nothing else meanwhile. */
const CHUNK = 200;

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
    const { link, keys, archive } = this.#deps;
    const leaseMs = Math.ceil(this.#everyMs * 0.9); // over before it is this process's turn again
    const lease = ['SET', keys.trimmer(topic, partition), '1', 'NX', 'PX', String(leaseMs)];
    if ((await link.command(lease)) === null) return;
    await this.#removeReplays(topic, partition);
    const { keepMs = -1, keepEvents = -1 } = this.#options;
    if (keepMs < 0 && keepEvents < 0) return;
    for (;;) {
      if (this.#stopping.signal.aborted) return;
      const run = (mode: 'look' | 'trim', upTo: number): Promise<unknown> =>
        TRIM.run(link, [keys.events(topic, partition)], [mode, keepMs, keepEvents, upTo]);
      let count = CHUNK;
      if (archive !== undefined) {
        const entries = (await run('look', CHUNK)) as StreamEntry[];
        if (entries.length === 0) return;
        await archive(
          topic,
          entries.map(([, fields]) => fieldOf(fields, 'e') ?? ''),
        );
        count = entries.length;
      }
      const removed = (await run('trim', count)) as number;
      if (removed < CHUNK) return;
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
