import { CONSUMER, READ } from './partition-scripts.ts';
import type { PartitionWork } from './partition-work.ts';
import type { ReadingRoom } from './reading-room.ts';
import { replyCode } from './redis-failure.ts';
import type { RedisLink } from './redis-link.ts';

/** What the server has answered: events as of `READ`, or the id of the newest when the group has had them all. */
export interface ReadAnswer {
  readonly reply: readonly string[] | string;
  /** Room that is held for it, to be released by whoever takes the answer. */
  readonly reserved: number;
}

interface ReadAheadDeps {
  readonly link: Pick<RedisLink, 'command'>;
  readonly group: string;
  /** Events asked for at once. */
  readonly batch: number;
  readonly room: ReadingRoom;
  /** Nothing more is asked for. */
  readonly isOver: () => boolean;
}

/** Batches that are asked for at once while there is more than enough: one is handled, one is on its way, one is looked for. */
const ASKED = 2;

/** Asks the server for what is new in one partition, and for the next while that is handled; the answers come in order. */
export class ReadAhead {
  readonly #work: PartitionWork;
  readonly #deps: ReadAheadDeps;
  /** Under way to the server, in order. Of those behind the first each was asked for without waiting for room. */
  #asked: Promise<ReadAnswer | undefined>[] = [];

  constructor(work: PartitionWork, deps: ReadAheadDeps) {
    this.#work = work;
    this.#deps = deps;
  }

  /** Questions under way. */
  get size(): number {
    return this.#asked.length;
  }

  /**
   * The next answer; asks for it when nothing is under way. Where the answer was lost, not refused, those behind it are given up
   * with it: what they say is read again.
   *
   * @returns `undefined` when it was over before there was room
   */
  async next(): Promise<ReadAnswer | undefined> {
    if (this.#asked.length === 0) this.#asked.push(this.#ask());
    try {
      return await this.#asked[0];
    } catch (error) {
      if (replyCode(error) === undefined) this.#giveUpBehind();
      throw error;
    } finally {
      void this.#asked.shift();
    }
  }

  /** Asks for the next ones, as far as there is room now. */
  askAhead(): void {
    const { link, room, batch } = this.#deps;
    while (this.#asked.length < ASKED) {
      const reserved = room.reserveNow(batch);
      if (reserved === 0) return;
      const ahead = this.#answerTo(reserved, READ.runKnown(link, this.#work.keys, this.#argsOf(reserved)));
      ahead.catch(() => undefined); // told where it is waited for
      this.#asked.push(ahead);
    }
  }

  async #ask(): Promise<ReadAnswer | undefined> {
    const { link, room, batch, isOver } = this.#deps;
    const reserved = await room.reserve(batch, isOver);
    if (reserved === 0) return undefined;
    return this.#answerTo(reserved, READ.run(link, this.#work.keys, this.#argsOf(reserved)));
  }

  #argsOf(count: number): readonly (string | number)[] {
    return [this.#work.lease.token, this.#deps.group, CONSUMER, count];
  }

  async #answerTo(reserved: number, reply: Promise<unknown>): Promise<ReadAnswer> {
    try {
      return { reply: (await reply) as string[] | string, reserved };
    } catch (error) {
      this.#deps.room.release(reserved);
      throw error;
    }
  }

  #giveUpBehind(): void {
    for (const each of this.#asked.splice(1))
      void each.then(
        (answer) => {
          this.#deps.room.release(answer?.reserved ?? 0);
        },
        () => undefined,
      );
  }
}
