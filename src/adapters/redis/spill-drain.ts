import type { Clock } from '../../core/clock.ts';
import type { SpillQueue } from '../../events/spill-queue.ts';
import { Fifo } from '../../events/fifo.ts';
import { type OutgoingEvent, type SpilledEvent, fromSpilled, toSpilled } from './outgoing-event.ts';
import type { PublishLane } from './publish-lane.ts';

/** What it needs of the publisher. */
interface SpillDrainPorts {
  readonly clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
  readonly lane: (event: OutgoingEvent) => PublishLane;
  readonly lanes: () => readonly PublishLane[];
  /** Whether memory takes another event. */
  readonly hasRoom: () => boolean;
  readonly isConnected: () => boolean;
  /** Connected, and the server takes events. */
  readonly isSending: () => boolean;
  /** The server refuses the events of this one; without one: of any. */
  readonly isRefused: (lane?: PublishLane) => boolean;
  /** It is in memory from now on, or no longer. */
  readonly count: (event: OutgoingEvent, isIn: boolean) => void;
  /** It must not wait on disk. */
  readonly giveUp: (event: OutgoingEvent) => void;
  readonly onSpilled: (event: OutgoingEvent) => void;
  /** There may be room, or nothing left. */
  readonly onChange: () => void;
}

/** For what is on its way to disk, once the bus is closed. */
const FLUSH_MS = 5000;
/** Events read from disk and not confirmed, at most. */
const READ_AHEAD = 2048;
/** With no more than this on disk, new events wait in memory for it to be empty, so that it ever is. */
const NEARLY_EMPTY = 1000;

/**
 * The way over the disk. While it is needed, everything unconfirmed is on disk in order, is read from there and sent; what is
 * newer goes to disk too, or waits in memory behind it. Once the disk is empty, events go the plain way again.
 */
export class SpillDrain {
  readonly #queue: SpillQueue<SpilledEvent>;
  readonly #ports: SpillDrainPorts;
  /** In memory, behind all that is on disk. */
  readonly #held = new Fifo<OutgoingEvent>();
  /** On their way to disk, in order. */
  readonly #writing = new Fifo<OutgoingEvent>();
  #isNeeded: boolean;
  #isReading = false;
  /** Read and in a lane that the server does not refuse, by their place on disk. */
  readonly #loaded = new Set<number>();
  /** Lanes that the server refuses, with events that were passed over and are to be read again. */
  readonly #passedOver = new Set<PublishLane>();
  #wantsMore = false;
  /** Grows with each loss of the connection. */
  #round = 0;

  constructor(queue: SpillQueue<SpilledEvent>, ports: SpillDrainPorts) {
    this.#queue = queue;
    this.#ports = ports;
    this.#isNeeded = queue.count > 0;
  }

  get isNeeded(): boolean {
    return this.#isNeeded;
  }

  /** What waits in memory behind the disk. */
  held(): readonly OutgoingEvent[] {
    return this.#held.drain();
  }

  /** Takes an event behind all others: on disk, else in memory; `false` where neither has room. */
  take(event: OutgoingEvent): boolean {
    if (!this.#isNeeded) this.spillAll();
    const isTaken = this.#takeBehind(event);
    this.#end();
    return isTaken;
  }

  /** Those that the disk has not taken yet, and perhaps never will. */
  givenUp(): readonly OutgoingEvent[] {
    return this.#writing.drain();
  }

  /** Waits for what is on its way to disk. A disk that hangs does not hold up the end. */
  async flush(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#ports.clock.deadline(FLUSH_MS, resolve);
      void this.#queue.flush().then(() => {
        timer[Symbol.dispose]();
        resolve();
      });
    });
  }

  /** Brings what is in memory to disk, as much as it takes. */
  spillAll(): void {
    if (!this.#isNeeded) {
      for (const event of this.#ports.lanes().flatMap((lane) => lane.takeAll()))
        if (event.generation === undefined) this.#held.push(event);
        else this.#ports.giveUp(event);
      this.#isNeeded = true;
    }
    while (this.#held.size > 0 && this.#hasDisk) {
      const event = this.#held.shift();
      if (event !== undefined) this.#write(event);
    }
  }

  /** What was read from disk will be read again. What is in memory goes there. */
  onDisconnected(): void {
    this.#rewind();
    this.spillAll();
    this.#end();
  }

  /** Others are read past it: of its own events the first stays, to try with. */
  onRefused(lane: PublishLane): void {
    if (!this.#isNeeded) return;
    const forgotten = lane.forgetDisk(1);
    if (forgotten.length > 0) this.#passedOver.add(lane);
    for (const event of [...forgotten, ...lane.events()])
      if (event.record !== undefined) this.#loaded.delete(event.record);
    this.spillAll();
    this.pump();
  }

  /** It was refused, and is no longer. */
  onAccepted(lane: PublishLane): void {
    if (this.#passedOver.has(lane)) this.#rewind();
  }

  confirm({ record }: OutgoingEvent): void {
    if (record === undefined) return;
    this.#queue.confirm(record);
    this.#loaded.delete(record);
    this.#end();
  }

  /** Reads on, if there is something to read and somewhere to send it. */
  pump(): void {
    this.#wantsMore = true;
    if (!this.#isReading) void this.#readOn();
  }

  get #hasDisk(): boolean {
    return this.#queue.error === undefined && !this.#queue.isFull;
  }

  #takeBehind(event: OutgoingEvent): boolean {
    const isNear = this.#ports.isSending() && !this.#ports.isRefused() && this.#queue.count <= NEARLY_EMPTY;
    if (this.#held.size > 0 || isNear || !this.#hasDisk) {
      if (this.#ports.hasRoom()) {
        this.#hold(event);
        return true;
      }
      this.spillAll();
      if (this.#held.size > 0 || !this.#hasDisk) return false;
    }
    this.#write(event);
    return true;
  }

  get #mayRead(): boolean {
    return (
      this.#wantsMore && this.#isNeeded && this.#ports.isConnected() && this.#loaded.size <= READ_AHEAD / 2
    );
  }

  async #readOn(): Promise<void> {
    this.#isReading = true;
    while (this.#mayRead) {
      this.#wantsMore = false;
      await this.#read().catch(ignore); // what is wrong with the disk the queue says itself
    }
    this.#isReading = false;
  }

  async #read(): Promise<void> {
    const round = this.#round;
    const records = await this.#queue.next(READ_AHEAD - this.#loaded.size);
    if (round !== this.#round || records.length === 0) return;
    const sinceMs = this.#ports.clock.monotonicMs();
    for (const { seq, record } of records) {
      const event = fromSpilled(record, seq, sinceMs);
      const lane = this.#ports.lane(event);
      const isRefused = this.#ports.isRefused(lane);
      if (isRefused && (this.#passedOver.has(lane) || !lane.isEmpty)) this.#passedOver.add(lane);
      else {
        if (!isRefused) this.#loaded.add(seq);
        lane.push(event);
      }
    }
    this.#ports.onChange();
  }

  #rewind(): void {
    this.#round++;
    for (const lane of this.#ports.lanes()) lane.forgetDisk();
    this.#loaded.clear();
    this.#passedOver.clear();
    this.#queue.rewind();
  }

  #hold(event: OutgoingEvent): void {
    this.#ports.count(event, true);
    this.#held.push(event);
  }

  #write(event: OutgoingEvent): void {
    this.#ports.lane(event).number(event);
    this.#ports.count(event, false);
    event.isOnDisk = true;
    this.#writing.push(event);
    this.#queue.push(toSpilled(event)).then(
      () => {
        if (this.#writing.shift() === undefined) return; // given up
        this.#ports.onSpilled(event);
        this.#ports.onChange();
      },
      () => {
        this.#refused();
      },
    );
  }

  /** The disk takes nothing more: what was on its way there waits in memory. */
  #refused(): void {
    const back = this.#writing.drain();
    for (const event of back) {
      event.isOnDisk = false;
      this.#ports.count(event, true);
    }
    this.#held.putBack(back);
    this.#end();
    this.#ports.onChange();
  }

  #end(): void {
    if (!this.#isNeeded || this.#queue.count > 0) return;
    this.#isNeeded = false;
    for (const event of this.#held.drain()) this.#ports.lane(event).push(event);
  }
}

const ignore = (): void => undefined;
