/**
 * What must survive: {@link DataDirectory}, which one process owns, with append logs of checksummed lines, snapshots and a
 * key-value state store in it. They are ports ({@link AppendLog}, {@link SnapshotStore}, {@link StateStore}), each with an
 * implementation in memory for tests.
 *
 * @packageDocumentation
 */
export type { AppendLog, AppendReceipt, LogEntry } from './append-log.ts';
export { type CopyReport, logDigest } from './copy/copy-digest.ts';
export { copyLog, type LogSource } from './copy/copy-log.ts';
export { copySnapshots, type SnapshotSource } from './copy/copy-snapshots.ts';
export { copyState, type StateSource } from './copy/copy-state.ts';
export { DataDirectory, type DataDirectoryDeps } from './data-directory.ts';
export { FileAppendLog, type FileAppendLogOptions, type LogOpenReport } from './file-append-log.ts';
export { FileSnapshotStore, type FileSnapshotStoreOptions } from './file-snapshot-store.ts';
export type { JsonValue } from './json.ts';
export { Lease, type LeaseDeps, type LeaseLogger, type LeaseOptions } from './lease.ts';
export type { LeaseHold, Tenure } from './lease-hold.ts';
export type { LeaseHolder } from './lease-value.ts';
export { type LogFile, type LogFileMode, type LogFs, nodeFs } from './log-fs.ts';
export { MemoryAppendLog } from './memory-append-log.ts';
export { MemorySnapshotStore } from './memory-snapshot-store.ts';
export { MemoryStateSignals } from './memory-state-signals.ts';
export { MemoryStateStore } from './memory-state-store.ts';
export { type SalvageDeps, salvageLog, type SalvageOptions, type SalvageReport } from './salvage-log.ts';
export type { LostLine, RefuseRecord } from './salvage-scan.ts';
export type { RebaseSnapshot } from './salvage-snapshots.ts';
export type { SkippedSnapshot, Snapshot, SnapshotStore } from './snapshot-store.ts';
export { SqliteStateStore, type SqliteStateStoreOptions } from './sqlite-state-store.ts';
export type { StateSignals } from './state-signals.ts';
export type {
  DeleteOptions,
  DeleteResult,
  SetOptions,
  SetResult,
  StateEntry,
  StateStore,
  StateWrite,
} from './state-store.ts';
