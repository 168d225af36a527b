/**
 * Shared state on PostgreSQL 14 or newer, through `pg` (an optional peer of this package). Start with
 * {@link PostgresDatabase}.
 *
 * @packageDocumentation
 */
export type {
  CreatePostgresClient,
  PostgresAnswer,
  PostgresClientPort,
  PostgresClientSettings,
  PostgresNotification,
} from './postgres-client.ts';
export { PostgresDatabase, type PostgresDatabaseDeps } from './postgres-database.ts';
export type { PostgresDatabaseOptions } from './postgres-options.ts';
export type { PostgresQuery, PostgresResult, TransactionOptions } from './postgres-query.ts';
