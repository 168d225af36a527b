import { afterAll, beforeAll } from 'vitest';
import { PostgresDatabase, type PostgresDatabaseOptions } from '../../../src/adapters/postgres/index.ts';
import { SystemClock } from '../../../src/core/index.ts';
import {
  PostgresServer,
  postgresMissing,
  type PostgresServerOptions,
} from '../../support/postgres-server.ts';

/** One server for a file; every database on it opens a schema of its own unless it is told which. */
export function postgresForFile(options: PostgresServerOptions = {}) {
  let server: PostgresServer | undefined;
  let schemas = 0;
  const databases: PostgresDatabase[] = [];
  beforeAll(async () => {
    if (postgresMissing === undefined) server = await PostgresServer.start(options);
  }, 180_000);
  afterAll(async () => {
    for (const database of databases) await database.close();
    await server?.[Symbol.asyncDispose]();
  }, 180_000);
  return {
    get server(): PostgresServer {
      if (server === undefined) throw new Error('the server has not been started');
      return server;
    },
    newSchema: (): string => `test_${++schemas}`,
    async open(more: Partial<PostgresDatabaseOptions> = {}): Promise<PostgresDatabase> {
      const database = await PostgresDatabase.open(
        { url: this.server.url, schema: this.newSchema(), ...more },
        { clock: new SystemClock() },
      );
      databases.push(database);
      return database;
    },
  };
}
