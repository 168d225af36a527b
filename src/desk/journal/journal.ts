import { z } from 'zod';
import { type Clock, onDispose } from '../../core/clock.ts';
import type { DecimalInput } from '../../core/decimal.ts';
import { parseOptions } from '../../core/options.ts';
import type { DayId } from '../../core/trading-day.ts';
import type { SpentSlippage } from '../../execution/spent-slippage.ts';
import type { AppendLog, AppendReceipt } from '../../storage/append-log.ts';
import type { Tenure } from '../../storage/lease-hold.ts';
import type { Book, BookReader, DayRolled } from '../../trading/book.ts';
import type { Fill } from '../../trading/fill.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { BookedOrder, HeldOrder, OrderEvent } from '../../trading/order-event.ts';
import { units } from '../../core/units.ts';
import type { Adjustment, Flow, Funding, SavedOrder } from '../../trading/saved-book.ts';
import { type AdjustedBy, adjustedRecord } from './journal-adjusted.ts';
import { begin } from './journal-begin.ts';
import type { JournalFacts } from './journal-checkpoint.ts';
import { recentRecords } from './journal-recent.ts';
import { loneOrder } from './journal-checkpoint-order.ts';
import { type CheckpointOutcome, CheckpointWriter } from './journal-checkpoint-writer.ts';
import { flowedRecord, fundedRecord } from './journal-flow.ts';
import { eventRecord, externalRecord } from './journal-order.ts';
import { type JournalRecord, type Stamp, dayRolledRecord, submittingRecord } from './journal-record.ts';
import { type JournalDeps, type Recovered, type Replayed, replay } from './journal-replay.ts';
import type { SpentStamp } from './journal-spent.ts';
import { digestOf } from './journal-digest.ts';
import { DeskTenure } from '../desk-tenure.ts';
import type { OrderArchive } from './order-archive.ts';

const Options = z.strictObject({
  /** What the run is about, for the first record: the SHA-256 of a recording, or a seed and its options. */
  input: z.record(z.string(), z.json()),
  /** Opened in the Book when the journal is new; a journal that exists has its own. */
  accounts: z
    .array(
      z.strictObject({
        accountId: z.string(),
        currency: z.string(),
        /** Cash at the beginning. */
        balance: z.custom<DecimalInput>(),
      }),
    )
    .readonly(),
  /** Records after which the Book is saved, in the background. */
  checkpointEvery: z.int().min(1).default(50_000),
});

/** @interface */
export type JournalOptions = z.input<typeof Options>;

/** An account as the options name it. */
export type AccountOptions = JournalOptions['accounts'][number];

/** What a journal does in the background, and how it went. */
export type JournalListener = (outcome: JournalOutcome) => void;

export type JournalOutcome =
  | { readonly task: 'checkpoint'; readonly outcome: CheckpointOutcome }
  /** `orders` have been moved to the archive; or not, then they stay in memory until the next day. */
  | { readonly task: 'retire'; readonly outcome: RetireOutcome };

export type RetireOutcome =
  | { readonly kind: 'retired'; readonly before: DayId; readonly orders: number }
  | { readonly kind: 'failed'; readonly error: unknown };

/** The record of what was about to happen and what did, in order, from which the Book can be built again. */
export class Journal {
  readonly recovered: Recovered;
  /** The Book that was built from it. */
  readonly book: BookReader;
  /** The lease that it is written under, if any. */
  readonly tenure: Tenure | undefined;
  readonly #book: Book;
  readonly #log: AppendLog;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #archive: OrderArchive | undefined;
  readonly #checkpoints: CheckpointWriter | undefined;
  readonly #listeners = new Set<JournalListener>();
  readonly #facts: Omit<JournalFacts, 'record' | 'retiredBefore'> & { retiredBefore: DayId | undefined };
  readonly #tenure: DeskTenure;
  #dayId: DayId;
  #retiring: Promise<unknown> = Promise.resolve();
  /** The last record of before. */
  readonly #pastSeq: number;

  private constructor(every: number, deps: JournalDeps, { recovered, ...past }: Replayed) {
    const { log, clock, book, snapshots, archive } = deps;
    this.#log = log;
    this.#clock = clock;
    this.#book = book;
    this.#archive = archive;
    this.book = book;
    this.recovered = recovered;
    this.#pastSeq = past.seq;
    this.#dayId = recovered.dayId;
    const { openedAtMs, retiredBefore, tenureToken, spent } = past;
    this.#facts = { openedAtMs, retiredBefore, tenureToken, spent };
    this.tenure = deps.tenure;
    this.#tenure = new DeskTenure(deps.tenure);
    const { fromSnapshot, skippedSnapshots, records } = recovered;
    const good = skippedSnapshots.length === 0 ? fromSnapshot : undefined;
    this.#checkpoints =
      snapshots &&
      new CheckpointWriter(
        every,
        { seq: past.seq, record: past.record, since: records, good },
        (outcome) => {
          this.#tell({ task: 'checkpoint', outcome });
        },
        {
          log,
          book,
          snapshots,
          facts: () => ({ ...this.#facts }),
          require: () => {
            this.#tenure.require('snapshot of the journal');
          },
        },
      );
  }

  /**
   * Begins a journal, or builds the Book from the one that is there.
   *
   * @throws {PortcullisError} `INPUT_INVALID` naming the record, or the line of the snapshot, that cannot be read;
   *   `INSTRUMENT_UNKNOWN`; `FORMAT_UNSUPPORTED`; `JOURNAL_INCOMPLETE` when log, snapshots and archive do not belong together
   *   or a part is missing, with the way out; `SNAPSHOT_FAILED`; `OPTION_INVALID`; `LEASE_LOST`, `LEASE_OUTDATED`
   */
  static async open(options: JournalOptions, deps: JournalDeps): Promise<Journal> {
    const { input, accounts, checkpointEvery } = parseOptions('Journal', Options, options);
    const past = (await replay(deps)) ?? (await begin(deps, input, accounts));
    return new Journal(checkpointEvery, deps, past);
  }

  /** What was spent of the slippage budgets of the trading day that is open, as far as orders have written it down. */
  get spent(): SpentSlippage {
    return this.#facts.spent.value;
  }

  /** Where the orders are that are not in memory any more. */
  get archive(): Pick<OrderArchive, 'find' | 'isEmpty'> | undefined {
    return this.#archive;
  }

  /** What was written of before it was opened, after `sinceMs` by the wall clock, oldest first; as far as the log still has it. */
  recent(sinceMs: number): AsyncIterable<JournalRecord> {
    return recentRecords(this.#log, this.#pastSeq, sinceMs);
  }

  /** Resolves when it is on disk; the order must not go out before. */
  submitting(order: HeldOrder, stamp: Stamp): Promise<unknown> {
    if (stamp.spent !== undefined) this.#facts.spent.note(stamp.spent);
    return this.#append(submittingRecord(order, this.#clock.nowMs(), stamp));
  }

  /** @param spent slippage budgets of the day, with a change of an order */
  event(event: OrderEvent, instrument: Instrument, spent?: SpentStamp): Promise<unknown> {
    if (spent !== undefined) this.#facts.spent.note(spent);
    return this.#append(eventRecord(event, instrument, spent));
  }

  /** Call it in the tick in which the Book rolled. Orders that are over since before the day that ended are retired. */
  rolled(day: DayRolled): Promise<unknown> {
    const ended = this.#dayId;
    this.#dayId = day.dayId;
    this.#facts.spent.clear();
    const written = this.#append(dayRolledRecord(day));
    void this.retire(ended);
    return written;
  }

  external(order: BookedOrder, fill: Fill, atMs: number): Promise<unknown> {
    return this.#append(externalRecord(order, fill, atMs));
  }

  adjusted(adjustment: Adjustment, why: AdjustedBy): Promise<unknown> {
    return this.#append(adjustedRecord(adjustment, why, this.#clock.nowMs()));
  }

  /** Call it in the tick in which the flow was counted. */
  flowed(flow: Flow, why: AdjustedBy): Promise<unknown> {
    const highWater = this.#book.account(flow.accountId)?.highWater ?? units(NaN);
    return this.#append(flowedRecord(flow, highWater, why, this.#clock.nowMs()));
  }

  funded(funding: Funding): Promise<unknown> {
    return this.#append(fundedRecord(funding, this.#clock.nowMs()));
  }

  /** A retired order is in the Book again. Call it in the tick in which it was taken back, before what happened to it. */
  revived(saved: SavedOrder): Promise<unknown> {
    return this.#append({ type: 'revived', atMs: this.#clock.nowMs(), ...loneOrder(saved) });
  }

  /**
   * Moves the orders that are over, and to which nothing has happened since before a trading day, from memory to the
   * archive; without an archive nothing. Never rejects: what fails is told, and those orders stay in memory.
   */
  retire(before: DayId): Promise<void> {
    const archive = this.#archive;
    if (archive === undefined) return Promise.resolve();
    const retired = this.#retiring.then(() => this.#retire(archive, before));
    this.#retiring = retired;
    return retired;
  }

  /**
   * Saves the Book, so that a restart reads no record before this. Never rejects: a restart without it takes longer, no more.
   *
   * @returns `undefined` without a place for snapshots
   */
  async checkpoint(): Promise<CheckpointOutcome | undefined> {
    await this.#retiring;
    return this.#checkpoints?.now();
  }

  /** Tells how it went, of every checkpoint and every day that was retired. */
  onBackground(listener: JournalListener): Disposable {
    this.#listeners.add(listener);
    return onDispose(() => {
      this.#listeners.delete(listener);
    });
  }

  /** Resolves when nothing is being written, and nothing that waited for that wants to write more. */
  async settled(clock: Pick<Clock, 'turn'>): Promise<void> {
    do {
      await clock.turn();
      await this.#log.flush();
      await this.#retiring;
      await clock.turn();
    } while (this.pending > 0);
  }

  /** Records that are not on disk yet. */
  get pending(): number {
    return this.#log.pending;
  }

  /**
   * SHA-256 over all records: the same run gives the same digest.
   *
   * @throws {PortcullisError} `JOURNAL_INCOMPLETE` when records that a snapshot stands for have been removed
   */
  digest(): Promise<string> {
    return digestOf(this.#log);
  }

  #append(record: JournalRecord): Promise<AppendReceipt> {
    const lost = this.#tenure.error('journal');
    if (lost !== undefined) return Promise.reject(lost);
    const receipt = this.#log.append(record);
    this.#checkpoints?.appended(record, receipt);
    return receipt;
  }

  async #retire(archive: OrderArchive, before: DayId): Promise<void> {
    try {
      this.#tenure.require('order archive');
      const finished = this.#book.finishedBefore(before);
      if (finished.length === 0) return;
      await archive.keep(finished, before);
      // One step: those to which something has happened meanwhile stay, here and in every replay.
      const written = this.#append({ type: 'retired', atMs: this.#clock.nowMs(), before });
      this.#book.retire(before);
      this.#facts.retiredBefore = before;
      await written;
      this.#tell({ task: 'retire', outcome: { kind: 'retired', before, orders: finished.length } });
    } catch (error) {
      this.#tell({ task: 'retire', outcome: { kind: 'failed', error } });
    }
  }

  #tell(outcome: JournalOutcome): void {
    for (const listener of this.#listeners) {
      try {
        listener(outcome);
      } catch {
        // The journal goes on, whatever somebody who listens to it does.
      }
    }
  }
}
Object.freeze(Journal.prototype);
