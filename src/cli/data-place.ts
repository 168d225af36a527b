import type { AppendLog } from '../storage/append-log.ts';
import type { LogSource } from '../storage/copy/copy-log.ts';
import type { SnapshotStore } from '../storage/snapshot-store.ts';
import type { StateStore } from '../storage/state-store.ts';

/** Names of what a place holds, in order. */
export interface DataNames {
  readonly stores: readonly string[];
  readonly logs: readonly string[];
  /** Logs of which there are snapshots. */
  readonly snapshots: readonly string[];
}

/** Where data is: a data directory, or a schema of a PostgreSQL server. */
export interface DataPlace {
  /** Whether others may write there at the same time: to open a log is to take it from them. */
  readonly isShared: boolean;
  names(): Promise<DataNames>;
  /** Without becoming the one who writes it. */
  readLog(name: string): Promise<LogSource>;
  /** @param firstSeq of a log that is not there yet */
  openLog(name: string, firstSeq: number): Promise<AppendLog>;
  openStore(name: string): Promise<StateStore>;
  openSnapshots(name: string): Promise<SnapshotStore>;
  close(): Promise<void>;
}
