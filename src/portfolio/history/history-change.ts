import type {
  EquitySample,
  HistoryAccount,
  HistoryBalance,
  HistoryFill,
  HistoryGap,
  HistoryOrder,
  HistoryPosition,
  LedgerEntry,
} from './history-rows.ts';

/** A position with what it takes to go on from it. */
export interface StandingPosition extends HistoryPosition {
  /** Signed, whole lots. */
  readonly lots: number;
  /** Beyond whole lots, in units of the base. */
  readonly dust: string;
}

/** An account with what it takes to go on from it. */
export interface StandingAccount extends HistoryAccount {
  /** Grows with every change of the account. */
  readonly revision: number;
  /** The last `seq` that was given. */
  readonly seq: number;
}

/** What a projector asks a history for. */
export interface StandingQuery {
  readonly accountId: string;
  /** Names of events and facts, of which it wants to know the known ones. */
  readonly marks: readonly string[];
  readonly orders: readonly string[];
  /** `all`: those of all instruments. */
  readonly instruments: readonly string[] | 'all';
}

/** Where an account stands. */
export interface Standing {
  /** Missing where nothing is known of it. */
  readonly account?: StandingAccount | undefined;
  readonly marks: ReadonlySet<string>;
  readonly orders: readonly HistoryOrder[];
  readonly positions: readonly StandingPosition[];
  readonly balances: readonly HistoryBalance[];
  /** What was before this has been pruned, wall time in milliseconds. Missing until then. */
  readonly prunedBeforeMs?: number | undefined;
}

/** The name of an event or a fact that counts once, and when it was. */
export interface HistoryMark {
  readonly mark: string;
  readonly atMs: number;
}

/** What events of one account change, all of it or nothing. */
export interface HistoryChange {
  readonly accountId: string;
  /** None of them may be known. */
  readonly marks: readonly HistoryMark[];
  /** The account as it becomes, with the revision that all of it was worked out from; 0 for none. Missing where only equity and gaps are added. */
  readonly account?: { readonly row: StandingAccount; readonly ifRevision: number } | undefined;
  readonly orders: readonly HistoryOrder[];
  readonly fills: readonly HistoryFill[];
  /** As they become. */
  readonly positions: readonly StandingPosition[];
  /** Every step on the way there. */
  readonly positionChanges: readonly HistoryPosition[];
  readonly entries: readonly LedgerEntry[];
  /** As they become. */
  readonly balances: readonly HistoryBalance[];
  readonly equity: readonly EquitySample[];
  readonly gaps: readonly HistoryGap[];
}
