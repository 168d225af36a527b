export type { AppendLog, AppendReceipt, LogEntry } from './append-log.ts';
export { DataDirectory, type DataDirectoryDeps } from './data-directory.ts';
export { FileAppendLog, type FileAppendLogOptions, type LogOpenReport } from './file-append-log.ts';
export type { JsonValue } from './json.ts';
export { type LogFile, type LogFileMode, type LogFs, nodeFs } from './log-fs.ts';
export { MemoryAppendLog } from './memory-append-log.ts';
export { MemoryStateStore } from './memory-state-store.ts';
export { SqliteStateStore, type SqliteStateStoreOptions } from './sqlite-state-store.ts';
export type {
  DeleteOptions,
  DeleteResult,
  SetOptions,
  SetResult,
  StateEntry,
  StateStore,
} from './state-store.ts';
