import type { OutgoingEvent } from './outgoing-event.ts';
import { PublishLane, type PublishLaneListener } from './publish-lane.ts';
import type { RedisCommand } from './redis-connection.ts';
import type { RedisKeys } from './redis-keys.ts';

export interface PublishLanesOptions {
  readonly keys: RedisKeys;
  /** Of this process, used by no other. */
  readonly publisher: string;
  readonly batch: number;
  readonly dedupeWindowMs: number;
}

/** Batches under way in one partition: enough to hide a round trip over a network. */
const WINDOW = 16;
/** For how long the server remembers what it applied of a publisher: longer than what lies on a disk should wait. */
const PUBLISHER_TTL_MS = 7 * 86_400_000;

/** The lanes of all partitions that events went to. */
export class PublishLanes {
  readonly #options: PublishLanesOptions;
  readonly #command: RedisCommand;
  readonly #listener: PublishLaneListener;
  readonly #lanes = new Map<string, PublishLane>();

  constructor(options: PublishLanesOptions, command: RedisCommand, listener: PublishLaneListener) {
    this.#options = options;
    this.#command = command;
    this.#listener = listener;
  }

  all(): readonly PublishLane[] {
    return [...this.#lanes.values()];
  }

  of({ topic, partition }: Pick<OutgoingEvent, 'topic' | 'partition'>): PublishLane {
    const name = `${topic}.${partition}`;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = new PublishLane(
        { ...this.#options, topic, partition, window: WINDOW, publisherTtlMs: PUBLISHER_TTL_MS },
        this.#command,
        this.#listener,
      );
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  pump(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }

  /** The server may be another one: what it has of what it confirmed is not known. */
  disconnected(): void {
    for (const lane of this.#lanes.values()) lane.disconnected();
  }

  /** The oldest of all that was never sent, taken out: what was sent may have arrived. */
  dropOldest(): OutgoingEvent | undefined {
    let first: PublishLane | undefined;
    for (const lane of this.#lanes.values())
      if (lane.oldestNeverSent < (first?.oldestNeverSent ?? Infinity)) first = lane;
    return first?.dropOldest();
  }
}
