import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import type { BusEvent } from '../bus-event.ts';
import type { PublishReceipt, StartPosition } from '../event-bus.ts';
import type { DeadLetter } from '../dead-letter.ts';
import type { EventCatalogue } from '../event-catalogue.ts';
import { DedupeWindow } from './dedupe-window.ts';
import type { EmbeddedCounts, TopicCounts } from './embedded-counts.ts';
import type { EmbeddedRules } from './embedded-options.ts';
import { EventRing } from './event-ring.ts';
import type { GroupPlace } from './group-place.ts';
import type { DiskReader } from './disk-reader.ts';
import { type KeptEntry, KeptEvent, entryOf } from './kept-event.ts';
import type { TopicDisk } from './topic-disk.ts';
import { WaitingLine } from './waiting-line.ts';

export interface TopicDeps {
  readonly clock: Pick<Clock, 'nowMs' | 'turn' | 'sleep'>;
  readonly catalogue: EventCatalogue;
  readonly counts: EmbeddedCounts;
  /** What it has on disk; in memory alone without. */
  readonly disk?: TopicDisk | undefined;
  /** Called when there may be something to hand on, or room. */
  readonly changed: () => void;
}

/** A publication that waits for room. */
interface Waiting {
  readonly event: BusEvent;
  readonly isGiven: boolean;
  readonly resolve: (receipt: PublishReceipt | Promise<PublishReceipt>) => void;
  readonly reject: (reason: PortcullisError) => void;
}

/** Wait between attempts to read. */
const RETRY_MS = 1000;
/** Publications whose receipts are given at once, before the next ones wait for a turn of the event loop. */
const PUBLISHED_PER_TURN = 512;

/** The events of a topic in the order in which they were taken, and who reads them. */
export class Topic {
  readonly name: string;
  readonly changed: () => void;
  readonly places = new Set<GroupPlace>();
  readonly #rules: EmbeddedRules;
  readonly #clock: Pick<Clock, 'nowMs' | 'turn' | 'sleep'>;
  readonly #catalogue: EventCatalogue;
  readonly #counts: TopicCounts;
  readonly #disk: TopicDisk | undefined;
  readonly #ring: EventRing;
  readonly #ids: DedupeWindow;
  /** How far events memory has to hold: the least that any place needs, or less. */
  #needed = 0;
  /** Of the newest that was taken, on its way to disk included. */
  #taken: number;
  /** There is room for all up to this one. */
  #roomUntil = 0;
  /** Nobody has more before it than is kept, up to this one. */
  #dropFrom = 0;
  readonly #waiting = new WaitingLine<Waiting>();
  #isFull = false;
  /** Receipts given since the last turn of the event loop that was waited for. */
  #inTurn = 0;
  #turn: Promise<void> | undefined;

  constructor(name: string, rules: EmbeddedRules, deps: TopicDeps) {
    this.name = name;
    this.#rules = rules;
    this.#clock = deps.clock;
    this.#catalogue = deps.catalogue;
    this.#counts = deps.counts.topic(name);
    this.#disk = deps.disk;
    this.changed = deps.changed;
    this.#taken = deps.disk?.lastSeq ?? 0;
    this.#ring = new EventRing(this.#taken + 1);
    this.#ids = deps.disk?.ids ?? new DedupeWindow(rules.dedupeEvents);
  }

  get isDurable(): boolean {
    return this.#disk !== undefined;
  }

  /** Of the newest that may be handed on; 0 for none. */
  get last(): number {
    return this.#ring.last;
  }

  /** Of the newest that was taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Of the oldest that can still be read. */
  get first(): number {
    return this.#disk?.firstSeq ?? this.#ring.first;
  }

  get kept(): number {
    return this.last - this.first + 1;
  }

  /** Publications that wait for room. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Taken, and not on disk yet. */
  get unwritten(): number {
    return this.#taken - this.#ring.last;
  }

  get error(): string | undefined {
    return this.#disk?.error;
  }

  /** What memory holds of it. */
  at(seq: number): KeptEntry | undefined {
    return this.#ring.at(seq);
  }

  /** All that memory holds up to `last`, from the first that is told. */
  entries(from: (entry: KeptEntry) => boolean): KeptEntry[] {
    this.#retain(this.#clock.nowMs());
    const found: KeptEntry[] = [];
    for (let seq = this.#ring.first; seq <= this.#ring.last; seq += 1) {
      const entry = this.#ring.at(seq);
      if (entry !== undefined && (found.length > 0 || from(entry))) found.push(entry);
    }
    return found;
  }

  /** Some events from disk. */
  async readDisk(reader: DiskReader | undefined, from: number, to: number): Promise<KeptEntry[]> {
    try {
      return (await reader?.page(from, Math.min(to, this.last))) ?? [];
    } catch (error) {
      this.#disk?.failed(error);
      await this.#clock.sleep(RETRY_MS);
      return [];
    }
  }

  reader(): DiskReader | undefined {
    return this.#disk?.reader();
  }

  add(place: GroupPlace): void {
    this.places.add(place);
    this.#needed = Math.min(this.#needed, place.needs);
    this.#roomUntil = 0;
    this.#dropFrom = 0;
  }

  remove(place: GroupPlace): void {
    this.places.delete(place);
    void place.close();
    this.#roomUntil = 0;
    this.madeRoom();
  }

  publish(event: BusEvent, isGiven: boolean, nowMs: number): Promise<PublishReceipt> {
    if (this.#waiting.size === 0 && (this.#taken < this.#roomUntil || this.#hasRoom())) {
      return this.#take(event, isGiven, nowMs);
    }
    if (isGiven && this.#ids.has(event.source, event.id, this.#taken + 1)) return this.#duplicate(event);
    switch (this.#rules.overflow.policy) {
      case 'drop-newest':
        this.#counts.dropped.inc();
        return Promise.resolve({ outcome: 'dropped', id: event.id });
      default:
        return new Promise((resolve, reject) => {
          this.#isFull = true;
          this.#waiting.push({ event, isGiven, resolve, reject });
        });
    }
  }

  /** What a letter holds, behind the newest, for one group alone, whether there is room or not. */
  async requeue({ text, group }: DeadLetter): Promise<void> {
    const takenMs = this.#clock.nowMs();
    this.#taken += 1;
    const { name } = this;
    if (this.#disk === undefined) {
      this.#show(entryOf(name, this.#catalogue, { seq: this.#taken, takenMs, requeuedFor: group }, text));
      return;
    }
    try {
      this.#show(await this.#disk.appendText(text, takenMs, group));
    } catch (cause) {
      this.#taken -= 1;
      throw this.#refusal(this.#disk, cause);
    }
  }

  /** Of the first event that a group is to read, which begins `from` there. */
  locate(from: StartPosition): number | Promise<number> {
    if (from === 'new') return this.#taken + 1;
    if (from === 'beginning') return this.first;
    if ('position' in from) {
      return from.topic === this.name ? Math.max(this.first, Number(from.position) + 1) : this.#taken + 1;
    }
    const { timeMs } = from;
    if (this.#disk !== undefined) return this.#disk.firstSince(timeMs).then((seq) => seq ?? this.#taken + 1);
    return this.entries(({ takenMs }) => takenMs >= timeMs)[0]?.seq ?? this.#taken + 1;
  }

  /** Takes those that wait, as far as there is room. */
  admit(most: number): number {
    let admitted = 0;
    while (admitted < most && this.#waiting.size > 0 && this.#hasRoom()) {
      const next = this.#waiting.shift();
      if (next !== undefined) next.resolve(this.#take(next.event, next.isGiven, this.#clock.nowMs()));
      admitted += 1;
    }
    this.#isFull = this.#waiting.size > 0;
    return admitted;
  }

  /** A place has fewer events before it. */
  madeRoom(): void {
    if (this.#isFull) this.changed();
  }

  /** Lets go of what is too old to be kept. */
  sweep(): void {
    this.#retain(this.#clock.nowMs());
  }

  /** Lets go of what is on disk, nobody needs and is older or more than is kept. */
  async trim(): Promise<void> {
    const disk = this.#disk;
    if (disk === undefined) return;
    let before = this.last;
    for (const place of this.places) before = Math.min(before, place.pins);
    const { keepEvents, keepMs } = this.#rules;
    const byCount = this.last - keepEvents + 1;
    const isOld = async (seq: number): Promise<boolean> =>
      keepMs !== undefined && ((await disk.takenMs(seq)) ?? Infinity) < this.#clock.nowMs() - keepMs;
    // By age it is the first that is young enough: what is older stands before it.
    let [low, high] = [Math.max(disk.firstSeq, Math.min(before, byCount)), before];
    if (!(await isOld(low))) high = low;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (await isOld(middle)) low = middle + 1;
      else high = middle;
    }
    if (low > disk.firstSeq) await disk.trim(low);
  }

  /** Refuses those that wait. @returns how many */
  close(): number {
    const refused = this.#waiting.size;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.reject(
        new PortcullisError('BUS_CLOSED', `publish: the bus was closed before ${this.name} had room`),
      );
    }
    this.#counts.dropped.inc(refused);
    return refused;
  }

  /** What is on its way to disk counts with all. */
  #hasRoom(): boolean {
    const { policy, maxUnhandled, maxSpilled } = this.#rules.overflow;
    const slowest = policy === 'drop-oldest' ? 0 : this.#slowest(({ unhandled }) => unhandled);
    const unhandled = slowest + this.unwritten;
    this.#roomUntil = this.#taken + Math.max(0, maxUnhandled - unhandled);
    return this.#taken < this.#roomUntil || (policy === 'spill' && unhandled < maxSpilled);
  }

  #slowest(of: (place: GroupPlace) => number): number {
    let slowest = 0;
    for (const place of this.places) if (place.counts) slowest = Math.max(slowest, of(place));
    return slowest;
  }

  /** Those that a member has are not given up. */
  #dropOldest(): void {
    const { maxUnhandled } = this.#rules.overflow;
    for (const place of this.places) {
      while (place.counts && place.lag > maxUnhandled && place.dropOldest()) {
        this.#counts.lost(place.group, 'dropped', 1);
      }
    }
    this.#dropFrom = this.last + maxUnhandled - this.#slowest(({ lag }) => lag);
  }

  #duplicate({ id }: BusEvent): Promise<PublishReceipt> {
    this.#counts.duplicate.inc();
    return Promise.resolve({ outcome: 'duplicate', id });
  }

  #take(event: BusEvent, isGiven: boolean, takenMs: number): Promise<PublishReceipt> {
    if (isGiven) {
      if (this.#ids.has(event.source, event.id, this.#taken + 1)) return this.#duplicate(event);
      this.#ids.add(event.source, event.id, this.#taken + 1);
    }
    const seq = ++this.#taken;
    if (this.#disk !== undefined) return this.#write(this.#disk, event, takenMs, isGiven);
    const entry = new KeptEvent(this.name, seq, takenMs, event, undefined);
    this.#show(entry);
    const receipt = { outcome: 'published', id: event.id, position: entry.position } as const;
    this.#inTurn += 1;
    if (this.#inTurn < PUBLISHED_PER_TURN) return Promise.resolve(receipt);
    this.#turn ??= this.#clock.turn().then(() => {
      this.#turn = undefined;
      this.#inTurn = 0;
    });
    return this.#turn.then(() => receipt);
  }

  async #write(disk: TopicDisk, event: BusEvent, takenMs: number, isGiven: boolean): Promise<PublishReceipt> {
    const isSpilled = this.#rules.overflow.policy === 'spill' && this.#taken > this.#roomUntil;
    try {
      const seq = await disk.append({ event, takenMs, isGiven });
      this.#show(new KeptEvent(this.name, seq, takenMs, event, undefined));
      if (!isSpilled) return { outcome: 'published', id: event.id, position: `${seq}` };
      return { outcome: 'spilled', id: event.id };
    } catch (cause) {
      this.#taken -= 1;
      if (isGiven) this.#ids.remove(event.source, event.id);
      throw this.#refusal(disk, cause);
    }
  }

  #refusal(disk: TopicDisk, cause: unknown): PortcullisError {
    if (cause instanceof PortcullisError && cause.code === 'INPUT_INVALID') return cause;
    disk.failed(cause);
    const message = `publish: topic ${this.name} was not written: ${messageOf(cause)}`;
    return new PortcullisError('BUS_UNAVAILABLE', message, { cause });
  }

  #show(entry: KeptEntry): void {
    this.#ring.push(entry);
    this.#counts.published.inc();
    if (this.#rules.overflow.policy === 'drop-oldest' && this.last > this.#dropFrom) this.#dropOldest();
    this.#retain(entry.takenMs);
    this.changed();
  }

  #retain(nowMs: number): void {
    const ring = this.#ring;
    while (ring.size > 0) {
      const { first } = ring;
      if (this.#isWanted(ring.at(first), nowMs)) return;
      if (first >= this.#needed) {
        this.#needed = Infinity;
        for (const place of this.places) this.#needed = Math.min(this.#needed, place.needs);
        if (
          first >= this.#needed &&
          !(this.#disk !== undefined && ring.size > this.#rules.overflow.maxUnhandled)
        )
          return;
      }
      ring.shift();
    }
  }

  /** Whether it is kept even if every group has it. */
  #isWanted(oldest: KeptEntry | undefined, nowMs: number): boolean {
    if (this.#disk !== undefined || oldest === undefined) return false;
    const { keepEvents, keepMs = Infinity } = this.#rules;
    return this.#ring.size <= keepEvents && !(nowMs - oldest.takenMs > keepMs);
  }
}
