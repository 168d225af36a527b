import type { LogEntry } from './append-log.ts';
import type { JsonValue } from './json.ts';

/** The durable records of a log that lives in memory. */
export class MemoryRecords {
  readonly #texts: string[];
  #firstSeq: number;

  /** @param records what the log holds to begin with; the first of them says where it begins */
  constructor(records: Iterable<LogEntry>) {
    const entries = [...records];
    this.#texts = entries.map(({ record }) => JSON.stringify(record));
    this.#firstSeq = entries[0]?.seq ?? 1;
  }

  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** One below `firstSeq` for none. */
  get lastSeq(): number {
    return this.#firstSeq + this.#texts.length - 1;
  }

  push(text: string): void {
    this.#texts.push(text);
  }

  /** Copies, as they stand when it is called. */
  entries(fromSeq: number): LogEntry[] {
    const first = Math.max(fromSeq, this.#firstSeq);
    return this.#texts
      .slice(first - this.#firstSeq)
      .map((text, at) => ({ seq: first + at, record: JSON.parse(text) as JsonValue }));
  }

  /** Forgets all before `beforeSeq` but the last; the first that stays. */
  trim(beforeSeq: number): number {
    const firstSeq = Math.min(beforeSeq, this.lastSeq);
    if (firstSeq > this.#firstSeq) {
      this.#texts.splice(0, firstSeq - this.#firstSeq);
      this.#firstSeq = firstSeq;
    }
    return this.#firstSeq;
  }
}
