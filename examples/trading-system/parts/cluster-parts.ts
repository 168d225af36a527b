import { join } from 'node:path';
import type { PostgresDatabase as Database } from 'portcullis/adapters/postgres';
import type { Clock } from 'portcullis/core';
import type { TradingHistory } from 'portcullis/portfolio';
import type { Logger, MetricsRegistry } from 'portcullis/telemetry';
import type { SystemConfig } from '../config.ts';
import { DESK_NAMES, type DeskStorage, deskSchemaOf, openDeskFiles } from '../trading/desk-storage.ts';
import { dataDirOf } from './data-dir.ts';
import { StoredEndpoints } from './endpoints.ts';
import { Lazy } from './lazy.ts';
import { lazyHistory } from './lazy-history.ts';
import { Opened } from './opened.ts';
import type { TradingParts } from './parts.ts';

/** Of each topic: as many processes of one group can share its work. */
const PARTITIONS = 8;
/** After which the work of a process that died goes to another one. */
const MEMBER_LEASE_MS = 1_500;

export interface ClusterPartsDeps {
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
}

type Servers = SystemConfig & { readonly redis: NonNullable<SystemConfig['redis']> };

/** The bus and shared state on Redis; what a desk keeps, and history, on PostgreSQL if there is one, else in files. */
export async function openClusterParts(config: Servers, deps: ClusterPartsDeps): Promise<TradingParts> {
  const { clock, metrics, logger } = deps;
  const opened = new Opened();
  try {
    const { path } = opened.add(await dataDirOf(config), ({ remove }) => remove());
    const { url, prefix } = config.redis;
    const { RedisEventBus, RedisStateSignals, RedisStateStore } = await import('portcullis/adapters/redis');
    const close = (part: { close(): Promise<unknown> }) => part.close();
    const server = { url, prefix, commandTimeoutMs: 1_000 };
    const state = opened.add(await RedisStateStore.open(server, { clock, logger }), close);
    const signals = opened.add(await RedisStateSignals.open(server, { clock, logger }), close);
    const desk = await longTerm(config, path, deps, opened);
    const bus = opened.add(
      await RedisEventBus.open(
        { url, prefix, partitions: PARTITIONS, leaseMs: MEMBER_LEASE_MS },
        { clock, metrics, logger },
      ),
      close,
    );
    return {
      ...{ clock, bus, state, signals, ...desk, dataDir: path },
      endpoints: new StoredEndpoints(state, clock),
      close: () => opened.close(),
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function longTerm(
  { postgres, account }: SystemConfig,
  dataDir: string,
  { clock, logger }: ClusterPartsDeps,
  opened: Opened,
): Promise<Pick<TradingParts, 'history' | 'openDesk' | 'prepareDesk'>> {
  if (postgres === undefined) {
    const files = opened.add(
      lazyHistory(async () => {
        const { SqliteTradingHistory } = await import('portcullis/portfolio');
        return SqliteTradingHistory.open({ path: join(dataDir, 'history.sqlite') });
      }),
      (history) => history.close(),
    );
    return { history: files.history, openDesk: (tenure) => openDeskFiles(dataDir, clock, tenure) };
  }
  const peer = await import('portcullis/adapters/postgres');
  const { PostgresAppendLog, PostgresDatabase, PostgresSnapshotStore, PostgresStateStore } = peer;
  // With the first use, so that a process that starts while the server is away waits for it instead of ending.
  const databaseOf = (schema?: string): Lazy<Database> =>
    opened.add(
      new Lazy(() =>
        PostgresDatabase.open({ url: postgres.url, ...(schema && { schema }) }, { clock, logger }),
      ),
      (database) => database.close(),
    );
  const shared = databaseOf();
  const own = databaseOf(deskSchemaOf(account.accountId));
  const tables = opened.add(
    lazyHistory(async (): Promise<TradingHistory> => new peer.PostgresTradingHistory(await shared.get())),
    (history) => history.close(),
  );
  const openDesk = async ({ token: fence }: { readonly token: number }): Promise<DeskStorage> => {
    const database = await own.get();
    const logs = new Opened();
    try {
      // The owner of a log is whoever has the highest token: one who had the lease before is refused by the server itself.
      const openLog = async (name: string) =>
        logs.add(await PostgresAppendLog.open({ name, fence }, { database }), (log) => log.close());
      const journal = await openLog(DESK_NAMES.journal);
      const audit = await openLog(DESK_NAMES.audit);
      const snapshots = new PostgresSnapshotStore({ name: DESK_NAMES.journal, fence }, { database });
      const store = logs.add(new PostgresStateStore({ name: DESK_NAMES.store }, { database }), (one) =>
        one.close(),
      );
      return { ...{ journal, audit, snapshots, store }, close: () => logs.close() };
    } catch (error) {
      await logs.close();
      throw error;
    }
  };
  return {
    ...{ history: tables.history, openDesk },
    prepareDesk: () => {
      own.get().catch((err: unknown) => {
        logger.warn({ err }, 'the database of the desk is not there yet');
      });
    },
  };
}
