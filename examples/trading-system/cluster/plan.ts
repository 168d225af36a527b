import { fileURLToPath } from 'node:url';
import { PortcullisError } from 'portcullis/core';
import type { ExchangeConfigInput } from '../../toy-exchange/config.ts';
import {
  ROLES,
  type Role,
  type SystemConfig,
  type SystemConfigInput,
  parseConfig,
  symbolsOf,
} from '../config.ts';
import type { ChildSpec } from '../supervisor/child-spec.ts';
import type { ClusterOptions } from './options.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const EXCHANGE = fileURLToPath(new URL('../../toy-exchange/main.ts', import.meta.url));

/** A step of the market of the exchange each so often. */
const MARKET_EVERY_MS = 250;

/** Who is ready before whom: those who listen before those who trade, those before what makes them. */
const STAGES: Readonly<Record<Role, number>> = {
  ...{ 'market-data': 1, risk: 1, portfolio: 1, notification: 1, monitoring: 1 },
  ...{ trading: 2, signals: 3 },
};

/** Where files of a cluster are. */
export interface ClusterFiles {
  readonly dataDir: string;
  /** What all processes are told. */
  readonly system: string;
  /** What the exchange is told. */
  readonly exchange: string;
}

export interface ClusterPlan {
  readonly system: SystemConfigInput;
  /** Undefined where one runs already. */
  readonly exchange: ExchangeConfigInput | undefined;
  readonly children: readonly ChildSpec[];
  readonly statusPort: number;
}

/** What is not known before something has run. */
export interface PlanDeps {
  readonly files: ClusterFiles;
  /** As in the file that was given. */
  readonly given: SystemConfigInput;
  /** Where the exchange is to listen. */
  readonly exchangePort: number;
  /** What the exchange knows the account by, when it is started here. */
  readonly credentials: { readonly key: string; readonly secret: string };
}

/**
 * Which processes run, and what they are told.
 *
 * @throws {PortcullisError} `INPUT_INVALID` for a configuration that is not right
 */
export function planCluster(options: ClusterOptions, deps: PlanDeps): ClusterPlan {
  const { files, given, exchangePort } = deps;
  const url = options.venue ?? `http://127.0.0.1:${exchangePort}`;
  const system: SystemConfigInput = {
    ...given,
    basePort: options.port,
    dataDir: files.dataDir,
    redis: { ...given.redis, url: options.redis },
    ...(options.postgres !== undefined && { postgres: { url: options.postgres } }),
    market: { kind: 'exchange', url },
    venue: { kind: 'exchange', url, ...credentialsOf(options, deps) },
  };
  const config = parseConfig(system);
  const own = options.venue === undefined;
  return {
    system,
    exchange: own ? exchangeConfig(config, deps.credentials) : undefined,
    children: [...(own ? [exchangeChild(files, exchangePort)] : []), ...serviceChildren(options, files)],
    statusPort: options['json-status'] ?? (options.port === 0 ? 0 : options.port + ROLES.length + 1),
  };
}

function credentialsOf(options: ClusterOptions, { given, credentials }: PlanDeps) {
  if (options.venue === undefined) return credentials;
  if (given.venue?.kind === 'exchange') return { key: given.venue.key, secret: given.venue.secret };
  throw new PortcullisError(
    'INPUT_INVALID',
    'start:cluster: --venue: expected key and secret under venue in the configuration',
  );
}

/** An exchange that lists what is traded, and has the account. */
function exchangeConfig(config: SystemConfig, { key, secret }: PlanDeps['credentials']): ExchangeConfigInput {
  const { accountId, currency, balance } = config.account;
  const symbols = symbolsOf(config);
  return {
    instruments: config.instruments.map(
      ({ instrumentId, base, quote, tick, step, minQuantity = step, minNotional, startPrice }) => ({
        symbol: symbols[instrumentId] ?? instrumentId,
        ...{ base, quote, tick, step, minQuantity, minNotional, startPrice },
      }),
    ),
    accounts: [{ accountId, key, secret, balances: { [currency]: balance }, funding: 'cash' }],
  };
}

const exchangeChild = ({ dataDir, exchange }: ClusterFiles, port: number): ChildSpec => ({
  ...{ name: 'exchange', role: 'exchange', instance: 1, stage: 0, isFixed: true },
  args: [
    EXCHANGE,
    ...['--data-dir', `${dataDir}/exchange`],
    ...['--port', String(port)],
    ...['--market-every-ms', String(MARKET_EVERY_MS)],
    ...['--config', exchange],
  ],
});

const serviceChildren = (options: ClusterOptions, { system }: ClusterFiles): ChildSpec[] =>
  ROLES.flatMap((role) => {
    const count = role === 'signals' || role === 'trading' ? options[role] : 1;
    return Array.from({ length: count }, (_, at): ChildSpec => {
      const instance = at + 1;
      const name = count === 1 ? role : `${role}-${instance}`;
      const args = [MAIN, '--config', system, '--only', role, '--instance', String(instance)];
      return { name, role, instance, args, stage: STAGES[role] };
    });
  });
