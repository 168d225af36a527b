import type { Clock } from '../../core/clock.ts';
import type { Replay, ReplayReport } from '../../events/index.ts';
import type { RedisGroupMember } from './redis-group-member.ts';
import type { PartitionWork, Unhandled } from './partition-work.ts';
import { compareIds } from './stream-entry.ts';

export interface RedisReplayOptions {
  readonly follow: boolean;
  /** How many partitions there are to go through. */
  readonly partitions: number;
}

/** What a member has to be told to replay. */
export type ReplayHooks = Pick<
  ConstructorParameters<typeof RedisGroupMember>[1],
  'beforeMake' | 'onDone' | 'isBeyond' | 'bury'
>;

const LOOK_MS = 10;
const STOP_MS = 10_000;

/** Replays with a group of its own: one member, no dead letters, gone at its end. */
export class RedisReplay implements Replay {
  readonly ready: Promise<void>;
  readonly done: Promise<ReplayReport>;
  readonly #options: RedisReplayOptions;
  readonly #member: RedisGroupMember;
  #looking: Disposable | undefined;
  #ends: ReadonlyMap<string, string> = new Map();
  #handled = 0;
  #failed = 0;
  #isComplete = false;
  #stopped: Promise<void> | undefined;
  #resolve: (report: ReplayReport) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(options: RedisReplayOptions, clock: Clock, open: (hooks: ReplayHooks) => RedisGroupMember) {
    this.#options = options;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => undefined); // those who do not ask
    this.#member = open({
      beforeMake: async (streams) => {
        this.#ends = await streams.newest();
      },
      onDone: () => {
        this.#handled++;
      },
      isBeyond: (work, id) => !options.follow && compareIds(id, this.#endOf(work)) > 0,
      bury: (work, { streamId }: Unhandled) => {
        this.#failed++;
        work.acks.add(streamId);
        return Promise.resolve();
      },
    });
    this.ready = this.#member.ready;
    this.ready.then(
      () => {
        if (!options.follow)
          this.#looking = clock.every(LOOK_MS, () => {
            this.#look();
          });
      },
      (error: unknown) => {
        this.#reject(error);
        void this.stop();
      },
    );
  }

  /** A second call waits for the first, and may shorten it. */
  stop(timeoutMs = STOP_MS): Promise<void> {
    const stopped = this.#member.stop(timeoutMs);
    this.#stopped ??= this.#stop(stopped);
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #endOf(work: PartitionWork): string {
    return this.#ends.get(work.keys[1]) ?? '0-0';
  }

  #look(): void {
    const { readers } = this.#member;
    if (readers.length < this.#options.partitions) return;
    const isThrough = readers.every(
      (reader) =>
        reader.work.inFlight === 0 &&
        (reader.isThrough || compareIds(reader.lastId ?? '0-0', this.#endOf(reader.work)) >= 0),
    );
    if (!isThrough) return;
    this.#isComplete = true;
    void this.stop();
  }

  async #stop(stopped: Promise<void>): Promise<void> {
    this.#looking?.[Symbol.dispose]();
    await stopped;
    // Whoever trims removes it, should the server not be there now.
    await this.#member.streams.remove().catch(() => undefined);
    this.#resolve({ handled: this.#handled, failed: this.#failed, complete: this.#isComplete });
  }
}
