import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import type { BusEvent } from '../bus-event.ts';
import type { PublishReceipt, StartPosition } from '../event-bus.ts';
import type { DeadLetter } from '../dead-letter.ts';
import type { EventCatalogue } from '../event-catalogue.ts';
import { DedupeWindow } from './dedupe-window.ts';
import { BlockedPublications } from './blocked-publications.ts';
import type { EmbeddedCounts, TopicCounts } from './embedded-counts.ts';
import type { EmbeddedRules } from './embedded-options.ts';
import type { GroupPlace } from './group-place.ts';
import type { DiskReader } from './disk-reader.ts';
import { GivenIds } from './given-ids.ts';
import { type KeptEntry, KeptEvent, entryOf } from './kept-event.ts';
import { ReceiptPace } from './receipt-pace.ts';
import type { TopicDisk } from './topic-disk.ts';
import { TopicMemory } from './topic-memory.ts';
import { TopicRoom } from './topic-room.ts';
import { trimTopic } from './topic-trim.ts';

export interface TopicDeps {
  readonly clock: Clock;
  readonly catalogue: EventCatalogue;
  readonly counts: EmbeddedCounts;
  /** What it has on disk; in memory alone without. */
  readonly disk?: TopicDisk | undefined;
  /** Called when there may be something to hand on, or room. */
  readonly changed: () => void;
}

/** Wait between attempts to read. */
const RETRY_MS = 1000;

/** The events of a topic in the order in which they were taken, and who reads them. */
export class Topic {
  readonly name: string;
  readonly changed: () => void;
  readonly places = new Set<GroupPlace>();
  readonly #rules: EmbeddedRules;
  readonly #clock: Clock;
  readonly #catalogue: EventCatalogue;
  readonly #counts: TopicCounts;
  readonly #disk: TopicDisk | undefined;
  readonly #memory: TopicMemory;
  readonly #room: TopicRoom;
  readonly #ids: GivenIds;
  readonly #blocked: BlockedPublications;
  readonly #pace: ReceiptPace;
  /** Of the newest that was taken, on its way to disk included. */
  #taken: number;
  /** When that was; never less than before, whatever the clock does. */
  #takenMs: number;

  constructor(name: string, rules: EmbeddedRules, deps: TopicDeps) {
    this.name = name;
    this.#rules = rules;
    this.#clock = deps.clock;
    this.#catalogue = deps.catalogue;
    this.#counts = deps.counts.topic(name);
    this.#disk = deps.disk;
    this.changed = deps.changed;
    this.#taken = deps.disk?.lastSeq ?? 0;
    this.#takenMs = deps.disk?.lastTakenMs ?? -Infinity;
    const { places, isDurable } = this;
    this.#memory = new TopicMemory(rules, { places, isDurable, next: this.#taken + 1 });
    this.#room = new TopicRoom(rules.overflow, this, this.#counts);
    this.#ids = new GivenIds(deps.disk?.ids ?? new DedupeWindow(rules.dedupeEvents), () => {
      this.#counts.duplicate.inc();
    });
    this.#pace = new ReceiptPace(deps.clock);
    this.#blocked = new BlockedPublications({
      clock: deps.clock,
      timeoutMs: rules.overflow.blockTimeoutMs,
      because: () => this.#room.describe(),
      onLate: (publications) => {
        this.#counts.dropped.inc(publications);
      },
    });
  }

  get isDurable(): boolean {
    return this.#disk !== undefined;
  }

  /** Of the newest that may be handed on; 0 for none. */
  get last(): number {
    return this.#memory.last;
  }

  /** Of the newest that was taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Of the oldest that can still be read. */
  get first(): number {
    return this.#disk?.firstSeq ?? this.#memory.first;
  }

  get kept(): number {
    return this.last - this.first + 1;
  }

  /** Publications that wait for room. */
  get waiting(): number {
    return this.#blocked.size;
  }

  /** Taken, and not on disk yet. */
  get unwritten(): number {
    return this.#taken - this.#memory.last;
  }

  /** Events that wait on disk, since a group does not keep up. */
  get spilled(): number {
    return this.#room.spilled;
  }

  get error(): string | undefined {
    return this.#disk?.error;
  }

  /** What memory holds of it. */
  at(seq: number): KeptEntry | undefined {
    return this.#memory.at(seq);
  }

  /** All that memory holds, from the first that is told. */
  entries(from: (entry: KeptEntry) => boolean): KeptEntry[] {
    this.sweep();
    return this.#memory.entries(from);
  }

  /** Some events from disk. */
  async readDisk(reader: DiskReader, from: number, to: number): Promise<KeptEntry[]> {
    try {
      return await reader.page(from, Math.min(to, this.last));
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
    this.#memory.added(place);
    this.#room.placesChanged();
  }

  remove(place: GroupPlace): void {
    this.places.delete(place);
    void place.close();
    this.#room.placesChanged();
    this.madeRoom();
  }

  publish(event: BusEvent, isGiven: boolean, nowMs: number): Promise<PublishReceipt> {
    if (this.#blocked.size === 0 && this.#room.isThere) return this.#take(event, isGiven, nowMs);
    const known = isGiven ? this.#ids.known(event, this.#taken + 1) : undefined;
    if (known !== undefined) return known;
    if (this.#rules.overflow.policy !== 'drop-newest') return this.#blocked.wait(event, isGiven);
    this.#counts.dropped.inc();
    return Promise.resolve({ outcome: 'dropped', id: event.id });
  }

  /** What a letter holds, behind the newest, for one group alone, whether there is room or not. */
  async requeue({ text, group }: DeadLetter): Promise<void> {
    const takenMs = this.#timeOf(this.#clock.nowMs());
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
    if (this.#disk !== undefined)
      return this.#disk.firstSince(from.timeMs).then((seq) => seq ?? this.#taken + 1);
    return this.entries(({ takenMs }) => takenMs >= from.timeMs)[0]?.seq ?? this.#taken + 1;
  }

  /** Takes those that wait, as far as there is room. */
  admit(most: number): number {
    let admitted = 0;
    for (; admitted < most && this.#blocked.size > 0 && this.#room.isThere; admitted += 1) {
      const next = this.#blocked.shift();
      if (next !== undefined) next.resolve(this.#take(next.event, next.isGiven, this.#clock.nowMs()));
    }
    return admitted;
  }

  /** A place has fewer events before it. */
  madeRoom(): void {
    if (this.#blocked.size > 0) this.changed();
  }

  /** Lets go of what is too old to be kept. */
  sweep(): void {
    this.#memory.retain(this.#clock.nowMs());
  }

  /** Lets go of what is on disk, nobody needs and is older or more than is kept. */
  async trim(): Promise<void> {
    if (this.#disk === undefined) return;
    let needed = this.last;
    for (const place of this.places) needed = Math.min(needed, place.pins);
    const { keepEvents, keepMs = Infinity } = this.#rules;
    const bounds = { needed, byCount: this.last - keepEvents + 1, oldestMs: this.#clock.nowMs() - keepMs };
    await trimTopic(this.#disk, bounds);
  }

  /** Refuses those that wait. @returns how many */
  close(): number {
    const message = `publish: the bus was closed before ${this.name} had room`;
    const refused = this.#blocked.refuse(new PortcullisError('BUS_CLOSED', message));
    this.#counts.dropped.inc(refused);
    return refused;
  }

  /** Lets go of what its places read. */
  async letGo(): Promise<void> {
    for (const place of this.places) await place.close();
  }

  #take(event: BusEvent, isGiven: boolean, nowMs: number): Promise<PublishReceipt> {
    if (isGiven) {
      const known = this.#ids.known(event, this.#taken + 1);
      if (known !== undefined) return known;
      this.#ids.add(event, this.#taken + 1);
    }
    const takenMs = this.#timeOf(nowMs);
    const seq = ++this.#taken;
    if (this.#disk !== undefined) {
      const written = this.#append(this.#disk, event, takenMs, isGiven);
      if (isGiven) this.#ids.writing(event, written);
      return written;
    }
    const entry = new KeptEvent(this.name, seq, takenMs, event, undefined);
    this.#show(entry);
    const receipt = { outcome: 'published', id: event.id, position: entry.position } as const;
    return this.#pace.give(receipt);
  }

  #timeOf(nowMs: number): number {
    return (this.#takenMs = nowMs > this.#takenMs ? nowMs : this.#takenMs);
  }

  async #append(
    disk: TopicDisk,
    event: BusEvent,
    takenMs: number,
    isGiven: boolean,
  ): Promise<PublishReceipt> {
    const { isSpilling } = this.#room;
    const startMs = this.#clock.monotonicMs();
    try {
      const seq = await disk.append({ event, takenMs, isGiven });
      this.#show(new KeptEvent(this.name, seq, takenMs, event, undefined));
      this.#counts.took((this.#clock.monotonicMs() - startMs) / 1000);
      return isSpilling
        ? { outcome: 'spilled', id: event.id }
        : { outcome: 'published', id: event.id, position: `${seq}` };
    } catch (cause) {
      this.#taken -= 1;
      if (isGiven) this.#ids.remove(event);
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
    this.#memory.push(entry);
    this.#counts.published.inc();
    this.#room.dropOldest();
    this.#memory.retain(entry.takenMs);
    this.changed();
  }
}
