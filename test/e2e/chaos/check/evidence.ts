import type { JournalRecord } from 'portcullis/desk';
import type { GroupStatus } from 'portcullis/events';
import type {
  HistoryFill,
  HistoryGap,
  HistoryOrder,
  HistoryPosition,
  LedgerEntry,
} from 'portcullis/portfolio';
import type { ExchangeRecord } from '../../torture/check/exchange-record.ts';
import type { TripWindow } from '../kill-switch-drill.ts';
import type { Posted } from '../order-client.ts';
import type { RaisedSignal } from '../signal-repeater.ts';

/** What the desk says that it has: `GET /positions`. */
export interface ToldPositions {
  /** Missing while something has no mark. */
  readonly equity?: string;
  readonly positions: readonly {
    readonly instrumentId: string;
    readonly quantity: string;
    readonly mark?: string;
    readonly fees: string;
  }[];
}

/** What the trading history has. */
export interface ToldHistory {
  readonly orders: readonly HistoryOrder[];
  readonly fills: readonly HistoryFill[];
  readonly ledger: readonly LedgerEntry[];
  readonly gaps: readonly HistoryGap[];
  readonly positions: readonly HistoryPosition[];
}

/** What the heap of one process holds after a collection, and its files, by its age. */
export interface Usage {
  readonly name: string;
  readonly pid: number;
  readonly samples: readonly { readonly ageMs: number; readonly heapMb: number; readonly files: number }[];
}

/** All that a run leaves behind to be judged. */
export interface Evidence {
  readonly exchange: ExchangeRecord;
  readonly journal: readonly JournalRecord[];
  /** 1, or there is a part that nobody can judge. */
  readonly journalFirstSeq: number;
  readonly audits: readonly { readonly name: string; readonly records: number; readonly flaw?: string }[];
  readonly history: ToldHistory;
  readonly desk: ToldPositions | undefined;
  readonly posted: readonly Posted[];
  readonly signals: readonly RaisedSignal[];
  readonly trips: readonly TripWindow[];
  readonly groups: readonly GroupStatus[];
  readonly usage: readonly Usage[];
  readonly end: { readonly code: number | null; readonly left: readonly number[] };
  /** What did not come back, and what the cluster gave up. */
  readonly stuck: readonly string[];
}

/** What one check has to say. */
export interface CheckResult {
  readonly check: string;
  /** What must not be; none where it holds. */
  readonly violations: readonly string[];
  /** What was looked at, or measured. */
  readonly note?: string;
}
