import { messageOf } from '../../core/message-of.ts';
import type { AppendLog, JsonValue, LogEntry } from '../../storage/index.ts';
import type { BusEvent } from '../bus-event.ts';
import type { EventCatalogue } from '../event-catalogue.ts';
import { DedupeWindow } from './dedupe-window.ts';
import { DiskReader } from './disk-reader.ts';
import { type KeptEntry, entryOf } from './kept-event.ts';

/** One event in the log of its topic. */
interface TopicRecord {
  /** The event, or what stands there in place of one. */
  readonly e?: JsonValue | BusEvent;
  /** The same where it is not even JSON. */
  readonly x?: string;
  /** When the bus took it, wall time in milliseconds. */
  readonly t: number;
  /** The only group that it is for. */
  readonly r?: string;
  /** Whether a caller gave the id. */
  readonly g?: 1;
}

export interface TopicDiskDeps {
  readonly catalogue: EventCatalogue;
  readonly dedupeEvents: number;
  /** A sequence number that the log has been seen to reach, so that opening need not look at what is before. Default: none. */
  readonly seenSeq?: number | undefined;
}

/** What is to be appended. */
export interface NewRecord {
  readonly event: BusEvent;
  readonly takenMs: number;
  readonly requeuedFor?: string | undefined;
  readonly isGiven: boolean;
}

/** A topic as it stands on disk. */
export class TopicDisk {
  readonly topic: string;
  /** Ids given by callers, of the newest events. */
  readonly ids: DedupeWindow;
  readonly #log: AppendLog;
  readonly #catalogue: EventCatalogue;
  #lastSeq = 0;
  #lastTakenMs = -Infinity;
  #error: string | undefined;

  private constructor(topic: string, log: AppendLog, { catalogue, dedupeEvents }: TopicDiskDeps) {
    this.topic = topic;
    this.ids = new DedupeWindow(dedupeEvents);
    this.#log = log;
    this.#catalogue = catalogue;
  }

  /** Finds the end of the log, and the ids before it. */
  static async open(topic: string, log: AppendLog, deps: TopicDiskDeps): Promise<TopicDisk> {
    const disk = new TopicDisk(topic, log, deps);
    const { seenSeq = 0, dedupeEvents } = deps;
    await disk.#scan(Math.max(log.firstSeq, seenSeq - dedupeEvents));
    // A log that has been put in place of the one that was seen.
    if (disk.#lastSeq < seenSeq) await disk.#scan(log.firstSeq);
    return disk;
  }

  get firstSeq(): number {
    return this.#log.firstSeq;
  }

  /** Of the newest that is on disk, 0 or one less than `firstSeq` for none. */
  get lastSeq(): number {
    return Math.max(this.#lastSeq, this.#log.firstSeq - 1);
  }

  /** When the newest was taken that was there when it was opened. */
  get lastTakenMs(): number {
    return this.#lastTakenMs;
  }

  /** Why it was last refused, until it is taken again. */
  get error(): string | undefined {
    return this.#error;
  }

  /** @returns its sequence number, once it is on disk */
  async append({ event, takenMs, requeuedFor, isGiven }: NewRecord): Promise<number> {
    const record: TopicRecord = {
      e: event,
      t: takenMs,
      ...(requeuedFor !== undefined && { r: requeuedFor }),
      ...(isGiven && { g: 1 as const }),
    };
    return this.#append(record);
  }

  /** What a letter holds, for one group. @returns what it has become */
  async appendText(text: string, takenMs: number, requeuedFor: string): Promise<KeptEntry> {
    const record = { ...partsOf(text), t: takenMs, r: requeuedFor };
    return this.#entryOf({ seq: await this.#append(record), record: record });
  }

  reader(): DiskReader {
    return new DiskReader((from) => this.#read(from));
  }

  /** When the oldest event from this one on was taken; `undefined` where there is none. */
  async takenMs(seq: number): Promise<number | undefined> {
    for await (const entry of this.#log.read(seq)) return recordOf(entry)?.t ?? -Infinity;
    return undefined;
  }

  /** Of the first that was taken at `timeMs` or later; `undefined` where there is none. */
  async firstSince(timeMs: number): Promise<number | undefined> {
    for await (const entry of this.#log.read())
      if ((recordOf(entry)?.t ?? -Infinity) >= timeMs) return entry.seq;
    return undefined;
  }

  trim(beforeSeq: number): Promise<number> {
    return this.#log.trim(beforeSeq);
  }

  failed(error: unknown): void {
    this.#error = messageOf(error);
  }

  /** Once all that was appended is settled. */
  close(): Promise<void> {
    return this.#log.close();
  }

  async #append(record: TopicRecord): Promise<number> {
    const { seq } = await this.#log.append(record);
    this.#lastSeq = seq;
    this.#error = undefined;
    return seq;
  }

  async *#read(from: number): AsyncGenerator<KeptEntry> {
    for await (const entry of this.#log.read(from)) yield this.#entryOf(entry);
  }

  #entryOf(entry: LogEntry): KeptEntry {
    const record = recordOf(entry);
    const text = record?.x ?? JSON.stringify(record?.e ?? entry.record);
    return entryOf(
      this.topic,
      this.#catalogue,
      { seq: entry.seq, takenMs: record?.t ?? 0, requeuedFor: record?.r },
      text,
    );
  }

  async #scan(from: number): Promise<void> {
    for await (const entry of this.#log.read(from)) {
      this.#lastSeq = entry.seq;
      const record = recordOf(entry);
      this.#lastTakenMs = Math.max(this.#lastTakenMs, record?.t ?? -Infinity);
      if (record?.g !== 1 || typeof record.e !== 'object') continue;
      const { source, id } = record.e as BusEvent;
      this.ids.add(source, id, entry.seq);
    }
  }
}

/** `undefined` for what we have not written. */
function recordOf({ record }: LogEntry): TopicRecord | undefined {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined;
  const { t } = record as { readonly t?: unknown };
  return typeof t === 'number' ? (record as unknown as TopicRecord) : undefined;
}

function partsOf(text: string): { e: JsonValue } | { x: string } {
  try {
    return { e: JSON.parse(text) as JsonValue };
  } catch {
    return { x: text };
  }
}
