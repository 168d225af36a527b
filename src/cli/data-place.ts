import type { AppendLog } from '../storage/append-log.ts';
import type { LogSource } from '../storage/copy/copy-log.ts';
import type { SnapshotStore } from '../storage/snapshot-store.ts';
import type { StateStore } from '../storage/state-store.ts';

/** Names of what a place holds, in order. */
export interface DataNames {
  readonly stores: readonly string[];
  /** Whole ones: those that an interrupted copy has left are not among them. */
  readonly logs: readonly string[];
  /** Logs of which there are snapshots. */
  readonly snapshots: readonly string[];
  /** What else is there and is not copied: a trading history, for one. */
  readonly others: readonly string[];
}

/** Where data is: a data directory, or a schema of a PostgreSQL server. */
export interface DataPlace {
  /** Whether others may write there at the same time: to open a log is to take it from them. */
  readonly isShared: boolean;
  names(): Promise<DataNames>;
  /** Where its logs end, by name; nothing where nobody else can write. */
  ends(): Promise<ReadonlyMap<string, number>>;
  /** Without becoming the one who writes it. */
  readLog(name: string): Promise<LogSource>;
  /**
   * A log that is not there is made where nobody takes it for a whole one, and has its name once `finish` is through.
   *
   * @param firstSeq of a log that is not there yet
   */
  openLog(name: string, firstSeq: number): Promise<AppendLog>;
  openStore(name: string): Promise<StateStore>;
  openSnapshots(name: string): Promise<SnapshotStore>;
  /** Everything has been copied and is closed: gives it its name. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** What a place is opened for: a target may be made, a source has to be there and is not changed. */
export type PlaceUse = 'source' | 'target';
