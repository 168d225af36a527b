import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningExchange, startToyExchange } from '../../../examples/toy-exchange/start.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { RedisServer } from '../../support/redis-server.ts';
import { Link } from './link.ts';
import { EXCHANGE } from './system-config.ts';

/** What the cluster stands on: real servers and the exchange, each behind a link that can be cut. */
export interface Ground extends AsyncDisposable {
  readonly exchangeDir: string;
  readonly exchange: RunningExchange;
  readonly exchangeLink: Link;
  readonly redis: RedisServer;
  readonly redisLink: Link;
  readonly postgres: PostgresServer | undefined;
  readonly postgresLink: Link | undefined;
}

const MARKET_EVERY_MS = 200;

export async function layGround(
  directory: string,
  { seed, withPostgres }: { readonly seed: number; readonly withPostgres: boolean },
): Promise<Ground> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).reverse()) await one();
  };
  const kept = <T extends AsyncDisposable>(part: T): T => {
    opened.push(async () => part[Symbol.asyncDispose]());
    return part;
  };
  try {
    const exchangeDir = join(directory, 'exchange');
    mkdirSync(exchangeDir, { recursive: true });
    const exchange = await startToyExchange({
      ...{ dataDir: exchangeDir, seed, marketEveryMs: MARKET_EVERY_MS, config: EXCHANGE },
    });
    opened.push(() => exchange.kill());
    const exchangeLink = kept(await Link.open(exchange.port));
    const redis = kept(await RedisServer.start());
    const redisLink = kept(await Link.open(redis.port));
    const postgres = withPostgres ? kept(await PostgresServer.start({ isDurable: true })) : undefined;
    const postgresLink = postgres && kept(await Link.open(postgres.port));
    return {
      ...{ exchangeDir, exchange, exchangeLink, redis, redisLink, postgres, postgresLink },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
