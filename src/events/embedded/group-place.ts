import type { CarefulStart, SavedTries } from './careful-start.ts';
import type { GroupCursor, SavedCursor } from './group-cursor.ts';
import type { DiskReader } from './disk-reader.ts';
import type { KeptEntry } from './kept-event.ts';

/** The topic of a place. */
export interface PlaceTopic {
  readonly name: string;
  /** Of the newest that may be handed on. */
  readonly last: number;
  /** Something can be handed on. */
  readonly changed: () => void;
  add(place: GroupPlace): void;
  remove(place: GroupPlace): void;
  /** What memory holds of it. */
  at(seq: number): KeptEntry | undefined;
  /** `undefined` where it has nothing on disk. */
  reader(): DiskReader | undefined;
  readDisk(reader: DiskReader, from: number, to: number): Promise<KeptEntry[]>;
  /** A place has fewer events before it. */
  madeRoom(): void;
}

/** What of a place outlives the process. */
export interface SavedPlace extends SavedCursor {
  /** After a process that has died, until past what may have ended it. */
  readonly tries?: SavedTries | undefined;
}

export interface GroupPlaceOptions {
  readonly group: string;
  readonly topic: PlaceTopic;
  /** Sequence number of the first event that it reads from the topic. */
  readonly next: number;
  /** Of the last; none where it goes on with the topic. */
  readonly end?: number;
  /** Events before `next`, in order. */
  readonly backlog?: readonly KeptEntry[];
  /** Whether a full bus waits for it. */
  readonly counts: boolean;
  /** What outlives the process. */
  readonly cursor?: GroupCursor | undefined;
  /** After a process that has died. */
  readonly careful?: CarefulStart | undefined;
}

/** Events that wait for one before them. */
const MOST_PARKED = 1000;

/** Where a group is in a topic. */
export class GroupPlace {
  readonly group: string;
  readonly topic: PlaceTopic;
  readonly counts: boolean;
  /** Whether its group is to have an event. */
  wants: (kept: KeptEntry) => boolean = () => true;
  readonly cursor: GroupCursor | undefined;
  readonly #end: number;
  #next: number;
  /** Handed to members and not acknowledged, kept back ones included. */
  #pending = 0;
  #backlog: KeptEntry[];
  #head = 0;
  #parked: KeptEntry[] = [];
  #reader: DiskReader | undefined;
  #isReading = false;
  #isCutOff = false;

  #isClosed = false;
  #careful: CarefulStart | undefined;

  constructor(options: GroupPlaceOptions) {
    const { group, topic, next, end = Infinity, backlog = [], counts, cursor, careful } = options;
    this.group = group;
    this.topic = topic;
    this.counts = counts;
    this.cursor = cursor;
    this.#end = end;
    this.#next = next;
    this.#backlog = [...backlog];
    this.#careful = careful;
  }

  /** The first that memory has to hold for it. */
  get needs(): number {
    return this.#next > this.#end ? Infinity : this.#next;
  }

  /** The first that the disk has to hold for it. */
  get pins(): number {
    return this.cursor === undefined ? this.needs : this.cursor.floor + 1;
  }

  /** What comes next is gone: memory does not hold so much for one that does not count. */
  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  /** Nobody reads it any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reader?.close();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** As long as it has to be careful. */
  get careful(): CarefulStart | undefined {
    if (this.cursor !== undefined && this.#careful?.isOver(this.cursor) === true) this.#careful = undefined;
    return this.#careful;
  }

  /** To be written; `undefined` where it does not outlive the process. @param dead acknowledged by then */
  save(dead?: readonly number[]): SavedPlace | undefined {
    const cursor = this.cursor?.save(dead);
    const tries = this.careful?.save();
    return cursor && { ...cursor, ...(tries !== undefined && { tries }) };
  }

  /** That has been written. */
  saved(place: SavedPlace): void {
    this.cursor?.saved(place);
  }

  get pending(): number {
    return this.#pending;
  }

  /** Not handed to anyone yet. */
  get lag(): number {
    const unread = Math.min(this.topic.last, this.#end) - this.#next + 1;
    return Math.max(unread, 0) + this.#backlog.length - this.#head + this.#parked.length;
  }

  get unhandled(): number {
    return this.lag + this.#pending;
  }

  /** The next to be handed on; `undefined` where there is none now. */
  peek(): KeptEntry | undefined {
    if (this.#head < this.#backlog.length) return this.#backlog[this.#head];
    if (this.#next > this.#end) return undefined;
    const kept = this.topic.at(this.#next);
    if (kept === undefined && this.#next <= this.topic.last) this.#read();
    return kept;
  }

  /** The one that `peek` gave is handed to a member. */
  take(): void {
    this.#advance();
    this.#pending += 1;
  }

  /** The one that `peek` gave is none of the group's. */
  skip(kept: KeptEntry): void {
    this.#advance();
    this.cursor?.acknowledge(kept.seq);
  }

  /** The one that `peek` gave waits for one before it; `false` where so many do that the place waits as a whole. */
  park(kept: KeptEntry): boolean {
    if (this.#parked.length >= MOST_PARKED) return false;
    this.#advance();
    this.#parked.push(kept);
    return true;
  }

  get parked(): number {
    return this.#parked.length;
  }

  /** Those that wait come before all that has not been handed on. */
  unpark(): void {
    const parked = this.#parked;
    this.#parked = [];
    this.#putBack(parked);
  }

  /** One that was handed on needs no more. */
  acknowledge(kept: KeptEntry): void {
    this.#pending -= 1;
    this.cursor?.acknowledge(kept.seq);
    this.topic.madeRoom();
  }

  /** Some that were handed on are to be handed on again. */
  giveBack(entries: readonly KeptEntry[]): void {
    this.#pending -= entries.length;
    this.#putBack(entries);
  }

  /** Leaves out what its group does not want, as far as memory holds it. */
  sift(): void {
    const to = Math.min(this.topic.last, this.#end);
    for (let kept = this.topic.at(this.#next); kept !== undefined; kept = this.topic.at(this.#next)) {
      if (this.#next > to) return;
      this.#next += 1;
      if (this.wants(kept)) this.#backlog.push(kept);
      else this.cursor?.acknowledge(kept.seq);
    }
  }

  /** Gives up the oldest that has not been handed on. `false` where there is none. */
  dropOldest(): boolean {
    const oldest = this.#head < this.#backlog.length ? this.#backlog[this.#head]?.seq : undefined;
    if (oldest === undefined && this.#next > Math.min(this.topic.last, this.#end)) return false;
    const seq = oldest ?? this.#next;
    this.#advance();
    this.cursor?.acknowledge(seq);
    return true;
  }

  #advance(): void {
    if (this.#head < this.#backlog.length) {
      this.#head += 1;
      if (this.#head === this.#backlog.length) {
        this.#backlog = [];
        this.#head = 0;
      }
    } else this.#next += 1;
  }

  #putBack(entries: readonly KeptEntry[]): void {
    if (entries.length === 0) return;
    const all = [...entries, ...this.#backlog.slice(this.#head)];
    this.#backlog = all.sort((a, b) => a.seq - b.seq);
    this.#head = 0;
  }

  /** From disk, what memory does not hold any more. */
  #read(): void {
    if (this.#isReading) return;
    this.#reader ??= this.topic.reader();
    if (this.#reader === undefined) {
      this.#isCutOff = true;
      return;
    }
    this.#isReading = true;
    void this.topic.readDisk(this.#reader, this.#next, this.#end).then((entries) => {
      this.#isReading = false;
      // Some may have been given up meanwhile, or acknowledged before the process was started.
      const wanted = entries.filter(({ seq }) => seq >= this.#next && this.cursor?.has(seq) !== true);
      this.#next = Math.max(this.#next, (entries.at(-1)?.seq ?? 0) + 1);
      this.#putBack(wanted);
      this.topic.changed();
    });
  }
}
