import { join } from 'node:path';
import type { Clock } from 'portcullis/core';
import type { TradingHistory } from 'portcullis/portfolio';
import type { Logger, MetricsRegistry } from 'portcullis/telemetry';
import type { SystemConfig } from '../config.ts';
import { type DeskStorage, openDeskFiles } from '../trading/desk-storage.ts';
import { dataDirOf } from './data-dir.ts';
import { StoredEndpoints } from './endpoints.ts';
import { lazyHistory } from './lazy-history.ts';
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

/** What has to be closed, the last opened first. */
class Opened {
  readonly #closes: (() => Promise<unknown>)[] = [];
  #closed: Promise<void> | undefined;

  add<T>(part: T, close: (part: T) => Promise<unknown>): T {
    this.#closes.push(() => close(part));
    return part;
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const close of this.#closes.reverse()) await close().catch(() => undefined);
  }
}

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
    const { history, openDesk } = await longTerm(config, path, deps, opened);
    const bus = opened.add(
      await RedisEventBus.open(
        { url, prefix, partitions: PARTITIONS, leaseMs: MEMBER_LEASE_MS },
        { clock, metrics, logger },
      ),
      close,
    );
    return {
      ...{ clock, bus, state, signals, history, openDesk, dataDir: path },
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
): Promise<Pick<TradingParts, 'history' | 'openDesk'>> {
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
  const database = opened.add(await PostgresDatabase.open({ url: postgres.url }, { clock, logger }), (one) =>
    one.close(),
  );
  const tables = opened.add(
    lazyHistory((): Promise<TradingHistory> => Promise.resolve(new peer.PostgresTradingHistory(database))),
    (history) => history.close(),
  );
  const name = `desk-${account.accountId}`.toLowerCase();
  const openDesk = async ({ token: fence }: { readonly token: number }): Promise<DeskStorage> => {
    // The owner of a log is whoever has the highest token: one who had the lease before is refused by the server itself.
    const [journal, audit] = await Promise.all([
      PostgresAppendLog.open({ name: `${name}-journal`, fence }, { database }),
      PostgresAppendLog.open({ name: `${name}-audit`, fence }, { database }),
    ]);
    const snapshots = new PostgresSnapshotStore({ name: `${name}-journal` }, { database });
    const store = new PostgresStateStore({ name }, { database });
    return {
      ...{ journal, audit, snapshots, store },
      close: async () => {
        await Promise.all([journal.close(), audit.close(), store.close()]);
      },
    };
  };
  return { history: tables.history, openDesk };
}
