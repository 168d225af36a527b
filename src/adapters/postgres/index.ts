/**
 * Shared state on PostgreSQL 14 or newer, through `pg` (an optional peer of this package): append logs that one process at a
 * time writes, state stores, snapshots and announcements. Start with {@link PostgresDatabase}.
 *
 * @packageDocumentation
 */
export {
  PostgresAppendLog,
  type PostgresAppendLogDeps,
  type PostgresAppendLogOptions,
} from './postgres-append-log.ts';
export { readLog } from './log-reading.ts';
export { PostgresTradingHistory } from './history/postgres-trading-history.ts';
export type {
  CreatePostgresClient,
  PostgresAnswer,
  PostgresClientPort,
  PostgresClientSettings,
  PostgresNotification,
} from './postgres-client.ts';
export { PostgresDatabase, type PostgresDatabaseDeps } from './postgres-database.ts';
export type { PostgresDatabaseOptions } from './postgres-options.ts';
export type { PostgresQuery, PostgresResult, PostgresSession, TransactionOptions } from './postgres-query.ts';
export { PostgresSnapshotStore, type PostgresSnapshotStoreOptions } from './postgres-snapshot-store.ts';
export {
  PostgresStateSignals,
  type PostgresStateSignalsDeps,
  type PostgresStateSignalsOptions,
} from './postgres-state-signals.ts';
export { PostgresStateStore, type PostgresStateStoreOptions } from './postgres-state-store.ts';
