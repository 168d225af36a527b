import type { AppendLog, AppendReceipt, JsonValue, LogEntry } from 'portcullis/storage';
import type { KillPoint } from './kill-point.ts';

type Inner = AppendLog & { readonly openReport: { readonly tornBytes: number } };

/** An append log that names its steps: before a record is given, when it has its place, when it is durable. */
export class SteppingLog implements AppendLog {
  readonly openReport: { readonly tornBytes: number };
  readonly #inner: Inner;
  readonly #point: KillPoint;

  constructor(inner: Inner, point: KillPoint) {
    this.#inner = inner;
    this.#point = point;
    this.openReport = inner.openReport;
  }

  append(record: JsonValue | object): Promise<AppendReceipt> {
    const { type } = record as { readonly type: string };
    this.#point.at(`journal.${type}.before`);
    const receipt = this.#inner.append(record);
    this.#point.at(`journal.${type}.appended`);
    receipt.then(
      () => {
        this.#point.at(`journal.${type}.durable`);
      },
      () => undefined,
    );
    return receipt;
  }

  flush(): Promise<void> {
    return this.#inner.flush();
  }

  get pending(): number {
    return this.#inner.pending;
  }

  get firstSeq(): number {
    return this.#inner.firstSeq;
  }

  read(fromSeq?: number): AsyncIterable<LogEntry> {
    return this.#inner.read(fromSeq);
  }

  trim(beforeSeq: number): Promise<number> {
    return this.#inner.trim(beforeSeq);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
