import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Principal, PortcullisError, parseInput } from 'portcullis/core';
import type { ExecutionLimitsInput } from 'portcullis/execution';
import type { RiskLimitsInput } from 'portcullis/risk';
import { type Instrument, defineInstrument } from 'portcullis/trading';
import { z } from 'zod';
import { INSTRUMENTS, LIMITS, STRATEGIES } from './config-defaults.ts';

/** What a process can be. In this order they are started, and stopped the other way round. */
export const ROLES = [
  'market-data',
  'signals',
  'trading',
  'risk',
  'portfolio',
  'notification',
  'monitoring',
] as const;
export type Role = (typeof ROLES)[number];

const id = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, 'expected 1 to 64 visible ASCII characters without blanks');
const amount = z.string().regex(/^\d{1,15}(?:\.\d{1,12})?$/, 'expected a plain decimal as text');

const instrument = z.strictObject({
  instrumentId: id,
  base: id,
  quote: id,
  tick: amount,
  step: amount,
  minQuantity: amount.optional(),
  minNotional: amount.default('0'),
  /** Its name at the toy exchange. Default: its id without what is no letter or digit. */
  symbol: z.string().optional(),
  /** Of the simulated market, and where the toy exchange begins. */
  startPrice: amount,
  dailyVolatilityFraction: z.number().positive().max(1).default(0.04),
  /** What an order for a signal of full confidence is worth, in the quote currency. */
  clipNotional: amount.default('2000'),
});

const strategy = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('channel-breakout'),
    strategyId: id.default('channel-breakout'),
    instruments: z.array(id).min(1),
    /** Bars whose highest high is to be passed; half as many make the low at which it leaves. */
    channelBars: z.int().min(2).max(1_000).default(20),
    /** How long a signal counts, milliseconds from the end of its bar. */
    signalTtlMs: z.int().min(1).default(10_000),
  }),
  z.strictObject({
    kind: z.literal('band-reversion'),
    strategyId: id.default('band-reversion'),
    instruments: z.array(id).min(1),
    /** Bars of the average. */
    periodBars: z.int().min(2).max(1_000).default(20),
    /** How many standard deviations below the average it buys. */
    deviations: z.number().positive().default(1.5),
    signalTtlMs: z.int().min(1).default(10_000),
  }),
]);

/** Of the market: where quotes and trades come from. */
const market = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('simulation'),
    seed: z.int().min(0).default(7),
    stepMs: z.int().min(10).max(60_000).default(250),
  }),
  /** The public quotes of the toy exchange. */
  z.strictObject({ kind: z.literal('exchange'), url: z.url() }),
]);

/** Where orders go. */
const venue = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('paper'),
    /** Between sending an order and its arrival there. */
    latencyMs: z.int().min(0).max(10_000).default(5),
  }),
  z.strictObject({
    kind: z.literal('exchange'),
    url: z.url(),
    key: z.string().min(1),
    secret: z.string().min(8),
  }),
]);

const lease = z
  .strictObject({
    /** How long one that is not renewed keeps others out: counts where nobody has seen the end of its owner. */
    ttlMs: z.int().min(100).default(3_000),
    renewEveryMs: z.int().min(10).default(600),
    /** How often one who waits looks. */
    pollMs: z.int().min(10).default(100),
  })
  .refine(({ ttlMs, renewEveryMs }) => renewEveryMs * 2 <= ttlMs, {
    path: ['renewEveryMs'],
    message: 'expected at most half of ttlMs',
  });

export const configSchema = z
  .strictObject({
    /** Services listen on it. Tokens are required for any other than 127.0.0.1. */
    host: z.string().min(1).default('127.0.0.1'),
    /** Each role listens on `basePort` + its number, further instances on 10 more each; 0 takes any free port. */
    basePort: z.int().min(0).max(65_000).default(8080),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    /** Journal, audit log, and what else is kept. Default: a temporary directory that goes at the end. */
    dataDir: z.string().min(1).optional(),
    /** The bus, shared state and announcements. Without it they are embedded, and all is one process. */
    redis: z
      .strictObject({ url: z.string().min(1), prefix: z.string().default('trading-system') })
      .optional(),
    /** Journal, audit log, snapshots and history. Without it they are in the data directory. */
    postgres: z.strictObject({ url: z.string().min(1) }).optional(),
    instruments: z.array(instrument).min(1).max(200).prefault(INSTRUMENTS),
    account: z
      .strictObject({
        accountId: id.default('main'),
        currency: id.default('USD'),
        balance: amount.default('100000'),
      })
      .prefault({}),
    strategies: z.array(strategy).prefault(STRATEGIES),
    market: market.prefault({ kind: 'simulation' }),
    venue: venue.prefault({ kind: 'paper' }),
    /** As `RiskGuard` and `ExecutionPolicy` take them. */
    limits: z
      .strictObject({
        risk: z.custom<RiskLimitsInput>((value) => typeof value === 'object' && value !== null),
        execution: z.custom<ExecutionLimitsInput>((value) => typeof value === 'object' && value !== null),
      })
      .default(LIMITS),
    /** How far beyond the best price an order for a signal may go. */
    maxSlippageBps: z.number().min(0).max(1_000).default(15),
    /** A fall from the highest equity at which the account is set to reducing. */
    tripAtDrawdownFraction: z.number().gt(0).max(1).default(0.05),
    barMs: z.int().min(50).default(1_000),
    /** At most one quote of an instrument for each interval. */
    quoteEveryMs: z.int().min(1).default(100),
    /** Without news for so long the data of an instrument count as stale. */
    staleAfterMs: z.int().min(100).default(5_000),
    lease: lease.prefault({}),
    /** Who may write. With none, anybody on this machine may. */
    tokens: z
      .array(
        z.strictObject({
          token: z.string().min(16),
          id,
          kind: z.enum(['person', 'system']).default('system'),
        }),
      )
      .default([]),
  })
  .superRefine(({ host, tokens, redis, instruments, strategies, postgres }, context) => {
    const refuse = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    if (host !== '127.0.0.1' && tokens.length === 0)
      refuse(['tokens'], `expected some, as ${host} is not 127.0.0.1`);
    if (postgres !== undefined && redis === undefined) refuse(['postgres'], 'expected redis beside it');
    const ids = instruments.map(({ instrumentId }) => instrumentId);
    if (new Set(ids).size < ids.length) refuse(['instruments'], 'expected each instrument once');
    if (new Set(strategies.map(({ strategyId }) => strategyId)).size < strategies.length)
      refuse(['strategies'], 'expected each strategyId once');
    for (const [at, one] of strategies.entries())
      for (const wanted of one.instruments)
        if (!ids.includes(wanted))
          refuse(['strategies', at, 'instruments'], `${wanted} is not among the instruments`);
  });

/** What the whole system is told, the same for each of its processes. */
export type SystemConfig = z.output<typeof configSchema>;
export type SystemConfigInput = z.input<typeof configSchema>;

/** @throws {PortcullisError} `INPUT_INVALID` naming each field */
export const parseConfig = (input: unknown): SystemConfig => parseInput('config', configSchema, input);

/**
 * Reads a file of JSON.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE`, `INPUT_INVALID`
 */
export function readConfigFile(file: string): SystemConfigInput {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SystemConfigInput;
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `config: ${file} cannot be read as JSON`, { cause });
  }
}

export const instrumentsOf = ({ instruments }: Pick<SystemConfig, 'instruments'>): readonly Instrument[] =>
  instruments.map(({ instrumentId, base, quote, tick, step, minQuantity, minNotional }) =>
    defineInstrument({
      ...{ instrumentId, base, quote, tick, step, minNotional },
      ...(minQuantity !== undefined && { minQuantity }),
    }),
  );

/** Names at the toy exchange, by instrument id. */
export const symbolsOf = ({
  instruments,
}: Pick<SystemConfig, 'instruments'>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    instruments.map(({ instrumentId, symbol }) => [
      instrumentId,
      symbol ?? instrumentId.replaceAll(/[^A-Z0-9]/gi, ''),
    ]),
  );

/** Where an instance of a role listens; 0 for any free port. */
export const portOf = ({ basePort }: Pick<SystemConfig, 'basePort'>, role: Role, instance = 1): number =>
  basePort === 0 ? 0 : basePort + ROLES.indexOf(role) + 10 * (instance - 1);

/** Which account the lease of a desk is about. */
export const leaseNameOf = ({ account }: Pick<SystemConfig, 'account'>): string =>
  `desk:${account.accountId}`;

/** The one whose token it is. Digests are compared, so that how long it takes says nothing about a token. */
export const principalOf = (
  { tokens }: Pick<SystemConfig, 'tokens'>,
  token: string,
): Principal | undefined => {
  const found = tokens.find((one) => hash('sha256', one.token) === hash('sha256', token));
  return found && { kind: found.kind, id: found.id };
};
