import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { decimal } from '../core/decimal.ts';
import type { AppendLog } from '../storage/append-log.ts';
import type { JsonValue } from '../storage/json.ts';
import type { BookReader, DayRolled } from '../trading/book.ts';
import type { Fill } from '../trading/fill.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { BookedOrder, HeldOrder, OrderEvent } from '../trading/order-event.ts';
import type { Adjustment } from '../trading/saved-book.ts';
import { type AdjustedBy, adjustedRecord } from './journal-adjusted.ts';
import { eventRecord, externalRecord } from './journal-order.ts';
import { JOURNAL_VERSION, type Stamp, dayRolledRecord, submittingRecord } from './journal-record.ts';
import {
  type AccountOptions,
  type JournalDeps,
  type Recovered,
  openAccounts,
  replay,
} from './journal-replay.ts';

export interface JournalOptions {
  /** What the run is about, for the first record: the SHA-256 of a recording, or a seed and its options. */
  readonly input: { readonly [key: string]: JsonValue };
  /** Opened in the Book when the journal is new; a journal that exists has its own. */
  readonly accounts: readonly AccountOptions[];
}

/** The record of what was about to happen and what did, in order, from which the Book can be built again. */
export class Journal {
  readonly recovered: Recovered;
  /** The Book that was built from it. */
  readonly book: BookReader;
  readonly #log: AppendLog;
  readonly #clock: Pick<Clock, 'nowMs'>;

  private constructor({ log, clock, book }: JournalDeps, recovered: Recovered) {
    this.#log = log;
    this.#clock = clock;
    this.book = book;
    this.recovered = recovered;
  }

  /**
   * Begins a journal, or builds the Book from the one that is there.
   *
   * @throws {PortcullisError} `INPUT_INVALID` naming the record that cannot be read; `INSTRUMENT_UNKNOWN`;
   *   `FORMAT_UNSUPPORTED`
   */
  static async open({ input, accounts }: JournalOptions, deps: JournalDeps): Promise<Journal> {
    const recovered = await replay(deps);
    if (recovered !== undefined) return new Journal(deps, recovered);
    const atMs = deps.clock.nowMs();
    const dayId = deps.tradingDay.dayOf(atMs);
    const opened = {
      type: 'opened' as const,
      version: JOURNAL_VERSION,
      atMs,
      dayId,
      input,
      accounts: accounts.map(({ accountId, currency, balance }) => ({
        accountId,
        currency,
        balance: decimal(balance, `accounts.${accountId}.balance`).toFixed(),
      })),
    };
    openAccounts(deps.book, opened); // first: what cannot be opened must not be on disk
    await deps.log.append(opened);
    return new Journal(deps, { records: 0, dayId, inDoubt: [] });
  }

  /** Resolves when it is on disk; the order must not go out before. */
  submitting(order: HeldOrder, stamp: Stamp): Promise<unknown> {
    return this.#log.append(submittingRecord(order, this.#clock.nowMs(), stamp));
  }

  event(event: OrderEvent, instrument: Instrument): Promise<unknown> {
    return this.#log.append(eventRecord(event, instrument));
  }

  rolled(day: DayRolled): Promise<unknown> {
    return this.#log.append(dayRolledRecord(day));
  }

  external(order: BookedOrder, fill: Fill, atMs: number): Promise<unknown> {
    return this.#log.append(externalRecord(order, fill, atMs));
  }

  adjusted(adjustment: Adjustment, why: AdjustedBy): Promise<unknown> {
    return this.#log.append(adjustedRecord(adjustment, why, this.#clock.nowMs()));
  }

  /** Resolves when nothing is being written, and nothing that waited for that wants to write more. */
  async settled(clock: Pick<Clock, 'turn'>): Promise<void> {
    do {
      await clock.turn();
      await this.#log.flush();
      await clock.turn();
    } while (this.pending > 0);
  }

  /** Records that are not on disk yet. */
  get pending(): number {
    return this.#log.pending;
  }

  /** SHA-256 over all records: the same run gives the same digest. */
  async digest(): Promise<string> {
    const sha = createHash('sha256');
    for await (const { record } of this.#log.read()) sha.update(`${JSON.stringify(record)}\n`);
    return sha.digest('hex');
  }
}
Object.freeze(Journal.prototype);
