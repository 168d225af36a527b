import type { AppendLog, AppendReceipt } from '../../storage/append-log.ts';
import type { JsonValue } from '../../storage/json.ts';
import type { SnapshotStore } from '../../storage/snapshot-store.ts';
import type { SavedBook } from '../../trading/saved-book.ts';
import { type JournalFacts, checkpointLines, recordDigest } from './journal-checkpoint.ts';

/** What became of a checkpoint. `unchanged`: the newest one has everything. */
export type CheckpointOutcome =
  | { readonly kind: 'saved'; readonly seq: number; readonly firstSeq: number }
  | { readonly kind: 'unchanged'; readonly seq: number }
  /** Trading goes on, and so does the journal; the next checkpoint tries again. */
  | { readonly kind: 'failed'; readonly error: unknown };

export interface CheckpointWriterDeps {
  readonly log: AppendLog;
  readonly snapshots: SnapshotStore;
  readonly book: { snapshot(): SavedBook };
  /** The facts of the journal now, but for its last record. */
  readonly facts: () => Omit<JournalFacts, 'record'>;
  /** Throws when the journal belongs to somebody else by now. */
  readonly require: () => void;
}

/** Where a journal stands when it is opened. */
export interface CheckpointStart {
  /** Sequence number of the last record, which is durable. */
  readonly seq: number;
  /** Digest of it. */
  readonly record: string;
  /** Records that are in no snapshot. */
  readonly since: number;
  /** The snapshot that the Book was taken from, if nothing newer was passed over: what is damaged is kept, too. */
  readonly good: number | undefined;
}

/** Saves the Book now and then while the journal goes on, and lets the log forget what two snapshots have. */
export class CheckpointWriter {
  readonly #deps: CheckpointWriterDeps;
  readonly #every: number;
  readonly #told: (outcome: CheckpointOutcome) => void;
  #last: { readonly receipt: Promise<AppendReceipt>; readonly digest: () => string };
  #since: number;
  /** The newest two, or what is known of them, oldest first. */
  #good: readonly number[];
  #running: Promise<CheckpointOutcome> | undefined;

  /**
   * @param every records after which a checkpoint is made in the background
   * @param told is told what became of every checkpoint
   */
  constructor(
    every: number,
    start: CheckpointStart,
    told: (outcome: CheckpointOutcome) => void,
    deps: CheckpointWriterDeps,
  ) {
    this.#every = every;
    this.#told = told;
    this.#deps = deps;
    this.#since = start.since;
    this.#good = start.good === undefined ? [] : [start.good];
    this.#last = { receipt: Promise.resolve({ seq: start.seq }), digest: () => start.record };
  }

  /** A record has taken its place in the log. */
  appended(record: JsonValue | object, receipt: Promise<AppendReceipt>): void {
    this.#last = { receipt, digest: () => recordDigest(record) };
    this.#since += 1;
    if (this.#since >= this.#every && this.#running === undefined) void this.#run();
  }

  /** Makes one that has everything that has been appended, after the one that is being made. Never rejects. */
  async now(): Promise<CheckpointOutcome> {
    while (this.#running !== undefined) await this.#running;
    return this.#run();
  }

  #run(): Promise<CheckpointOutcome> {
    this.#running = this.#save()
      .catch((error: unknown) => ({ kind: 'failed', error }) as const)
      .then((outcome) => {
        this.#running = undefined;
        this.#told(outcome);
        return outcome;
      });
    return this.#running;
  }

  async #save(): Promise<CheckpointOutcome> {
    const { log, snapshots, book, facts, require } = this.#deps;
    // In a step of its own: whoever appends has then done both halves, to the Book and to the journal.
    await Promise.resolve();
    const { receipt, digest } = this.#last;
    const saved = book.snapshot();
    const about = { ...facts(), record: digest() };
    this.#since = 0;
    const { seq } = await receipt; // durable, and all before it: a snapshot must never know more than the log
    if (this.#good.at(-1) === seq) return { kind: 'unchanged', seq };
    require();
    await snapshots.save(seq, checkpointLines(saved, about));
    this.#good = [...this.#good.slice(-1), seq];
    const [older] = this.#good;
    // Up to the older one, which needs the record that it was taken at: a damaged newest one still leaves a way.
    const firstSeq = older === undefined || older === seq ? log.firstSeq : await log.trim(older);
    return { kind: 'saved', seq, firstSeq };
  }
}
