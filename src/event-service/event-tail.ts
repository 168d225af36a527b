import type { Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/message-of.ts';
import type { BusEvent, DeliveryContext, EventBus, Replay, ReplayReport } from '../events/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { type PaceLimits, PacedOutput } from './paced-output.ts';
import { type TailStart, cursorText, movedTo, startsOf } from './tail-cursor.ts';
import type { TailFormat } from './tail-format.ts';
import type { TailRequest } from './tail-query.ts';

/** Why a tail has ended. */
export const TAIL_ENDS = ['complete', 'stopping', 'client', 'slow', 'failed'] as const;
export type TailEnd = (typeof TAIL_ENDS)[number];

export interface TailLimits extends PaceLimits {
  readonly heartbeatMs: number;
}

export interface TailDeps {
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly format: TailFormat;
}

/** Replays that have to be gone by then are left to themselves: the bus closes later. */
const STOP_MS = 1_000;

/**
 * What a bus has and gets, written for one reader: a replay, so that no group is left behind. The reader's pace is that of the
 * replay, as long as it takes something within `stallMs`.
 */
export class EventTail {
  readonly #request: TailRequest;
  readonly #deps: TailDeps;
  readonly #output: PacedOutput;
  readonly #positions: Map<string, string>;
  readonly #heartbeat: Disposable;
  readonly #over = Promise.withResolvers<TailEnd>();
  #replays: readonly Replay[] = [];
  #events = 0;
  #hasBegun = false;
  #end: TailEnd | undefined;

  /** @throws {PortcullisError} as `EventBus.replay` */
  constructor(request: TailRequest, limits: TailLimits, deps: TailDeps) {
    this.#request = request;
    this.#deps = deps;
    this.#positions = new Map(request.cursor.positions);
    this.#output = new PacedOutput(limits, deps.clock, () => {
      this.end('slow');
    });
    const { heartbeat } = deps.format;
    this.#heartbeat = deps.clock.every(limits.heartbeatMs, () => {
      if (heartbeat !== '' && !this.#output.isFull) void this.#output.write(heartbeat);
    });
    this.#open(limits);
  }

  /** What is sent. */
  get stream(): Readable {
    return this.#output.stream;
  }

  /** Resolves with why it has ended, once its replays are gone. */
  get over(): Promise<TailEnd> {
    return this.#over.promise;
  }

  /** Ends it; only the first call counts. What the reader may take for a whole answer is one. */
  end(because: TailEnd): void {
    if (this.#end !== undefined) return;
    this.#end = because;
    this.#heartbeat[Symbol.dispose]();
    const isWhole = because === 'complete' || (because === 'stopping' && this.#request.follow);
    if (isWhole) {
      void this.#output.write(this.#deps.format.end(because, this.#events));
      this.#output.end();
    } else this.#output.cut();
    void this.#stop(because);
  }

  #open(limits: TailLimits): void {
    const { cursor, topics, follow } = this.#request;
    const replays: Replay[] = [];
    this.#replays = replays;
    try {
      for (const start of startsOf(cursor, topics)) replays.push(this.#replay(start, limits));
    } catch (error) {
      this.end('failed');
      throw error;
    }
    const begin = (): void => {
      this.#begin();
    };
    // Why it cannot begin, `done` says as well.
    Promise.all(replays.map(({ ready }) => ready)).then(begin, () => undefined);
    void this.#follow(replays, follow);
  }

  #replay({ topics, from }: TailStart, { stallMs }: TailLimits): Replay {
    const { types, follow } = this.#request;
    const own = types.filter(({ topic }) => topics.includes(topic));
    // The bus is patient for longer than this tail is: what happens to a reader is decided here.
    const options = { from, follow, concurrency: 1, maxAttempts: 1, handlerTimeoutMs: stallMs * 2 };
    return this.#deps.bus.replay(own, (event, delivery) => this.#handle(event, delivery), options);
  }

  #handle(event: BusEvent, delivery: DeliveryContext): Promise<void> | undefined {
    const wait = this.#output.room;
    if (wait === undefined) return this.#write(event, delivery);
    return wait.then(() => this.#write(event, delivery));
  }

  #write(event: BusEvent, { topic, position }: DeliveryContext): Promise<void> | undefined {
    if (this.#end !== undefined) return undefined;
    this.#begin();
    this.#positions.set(topic, movedTo(this.#positions.get(topic), position));
    const { subject } = this.#request;
    if (subject !== undefined && event.subject !== subject) return undefined;
    this.#events += 1;
    return this.#output.write(this.#deps.format.event(event, this.#cursor()));
  }

  /** Before the first event, whichever comes first: what a later head would say of the place would be too old. */
  #begin(): void {
    if (this.#hasBegun || this.#end !== undefined) return;
    this.#hasBegun = true;
    const head = this.#deps.format.head(this.#cursor());
    if (head !== '') void this.#output.write(head);
  }

  #cursor(): string {
    const { topics, cursor } = this.#request;
    return cursorText({ sinceMs: cursor.sinceMs, positions: this.#positions }, topics);
  }

  async #follow(replays: readonly Replay[], follow: boolean): Promise<void> {
    try {
      const reports = await Promise.all(replays.map(({ done }) => done));
      if (this.#end !== undefined) return;
      if (!follow && reports.every(isWhole)) this.end('complete');
      else this.#fail(`${reports.length} replays ended early`);
    } catch (error) {
      this.#fail(messageOf(error));
    }
  }

  #fail(why: string): void {
    if (this.#end === undefined) this.#deps.log.error({ why }, 'tail failed');
    this.end('failed');
  }

  async #stop(because: TailEnd): Promise<void> {
    await Promise.allSettled(this.#replays.map((replay) => replay.stop(STOP_MS)));
    this.#over.resolve(because);
  }
}

const isWhole = ({ complete }: ReplayReport): boolean => complete;
