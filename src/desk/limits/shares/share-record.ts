import { z } from 'zod';
import { decimal } from '../../../core/decimal.ts';
import { PortcullisError } from '../../../core/errors.ts';
import { moneySchema } from '../../../core/money-schema.ts';
import { moneyText } from '../../../core/money-text.ts';
import { parseInput } from '../../../core/options.ts';
import { type Units, unitsFloor } from '../../../core/units.ts';
import type { SharedLimit } from '../limit-cap.ts';

export type { SharedLimit } from '../limit-cap.ts';

export const SHARED_LIMITS: readonly SharedLimit[] = [
  'maxDailyLoss',
  'maxTotalExposure',
  'maxClusterExposure',
  'maxCapital',
];

/** Money as text, by limit; 0 where one is left out. */
export type ShareAmounts = Readonly<Partial<Record<SharedLimit, string>>>;

const VERSION = 1;

export const amountsSchema = z
  .partialRecord(
    z.enum(SHARED_LIMITS),
    moneySchema.transform((money) => moneyText(money)),
  )
  .readonly();
export const principalSchema = z.strictObject({ kind: z.enum(['person', 'system']), id: z.string() });

const moveSchema = z.strictObject({
  id: z.string().min(1),
  from: z.string().min(1),
  /** Left out: the limit of the firm is lower by it. */
  to: z.string().min(1).exactOptional(),
  amounts: amountsSchema,
  by: principalSchema,
  reason: z.string(),
  atMs: z.number(),
  /** `asked`: still the giver's. `given`: nobody's, until the other takes it. */
  step: z.enum(['asked', 'given']),
});

/**
 * An amount on its way from one desk to another.
 *
 * @useDeclaredType
 */
export type ShareMove = Readonly<z.output<typeof moveSchema>>;

const recordSchema = z.strictObject({
  version: z.literal(VERSION),
  /** The limits of the firm. Until those who are asked to give up what is over have done so, that is in force besides. */
  firm: amountsSchema,
  /** How often they were changed. */
  revision: z.int().min(1),
  shares: z.record(z.string(), amountsSchema).readonly(),
  moves: z.array(moveSchema).readonly(),
  /** Desks that have yet to write down what they hold, after the record was lost. */
  missing: z.array(z.string()).readonly(),
  /** How many writes of each desk are in it, and of those who are none under an empty name: a record that went back has fewer. */
  writes: z.record(z.string(), z.int()).readonly().default({}),
  /** Who has shared them out, and why. */
  by: principalSchema,
  reason: z.string(),
});
const newerSchema = z.looseObject({ version: z.number().gt(VERSION) });

/**
 * Who has which share of the limits of the firm.
 *
 * @useDeclaredType
 */
export type ShareRecord = Readonly<Omit<z.output<typeof recordSchema>, 'version'>>;

export const writtenShares = (record: ShareRecord): object => ({ version: VERSION, ...record });

/** @throws {PortcullisError} `INPUT_INVALID` when it is damaged, or more is shared out than there is; `FORMAT_UNSUPPORTED` */
export function readShares(value: unknown): ShareRecord {
  const newer = newerSchema.safeParse(value);
  if (newer.success) {
    throw new PortcullisError(
      'FORMAT_UNSUPPORTED',
      `limit shares: format ${newer.data.version} was written by a newer version of portcullis, this one reads ${VERSION}`,
    );
  }
  const { version: _, ...record } = parseInput('limit shares', recordSchema, value);
  return checkSum(record);
}

/** @throws {PortcullisError} `INPUT_INVALID` for an entry that is not there, or not any more: it says nothing about shares */
export function sharedOut(record: ShareRecord | undefined): ShareRecord {
  if (record !== undefined) return record;
  throw new PortcullisError('INPUT_INVALID', 'the limits of the firm have not been shared out');
}

/** @throws {PortcullisError} `INPUT_INVALID` when shares and what is on its way are more than the limit of the firm, and what is asked for back */
export function checkSum(record: ShareRecord): ShareRecord {
  for (const limit of SHARED_LIMITS) {
    const given = record.moves.filter(({ step }) => step === 'given').map((move) => move.amounts);
    const all = [...Object.values(record.shares), ...given];
    const sum = sumOf(all, limit) - sumOf(givenUp(record), limit);
    if (sum <= BigInt(amountOf(record.firm, limit))) continue;
    throw new PortcullisError(
      'INPUT_INVALID',
      `limit shares: expected shares of ${limit} of at most ${record.firm[limit] ?? '0'} together, got more`,
    );
  }
  return record;
}

/** What desks are asked to give up for nobody. */
const givenUp = ({ moves }: ShareRecord): readonly ShareAmounts[] =>
  moves.filter(({ to }) => to === undefined).map(({ amounts }) => amounts);

const sumOf = (amounts: readonly ShareAmounts[], limit: SharedLimit): bigint =>
  amounts.reduce((total, one) => total + BigInt(amountOf(one, limit)), 0n);

/** 0 where there is none. */
export const amountOf = (of: ShareAmounts, limit: SharedLimit): Units =>
  unitsFloor(decimal(of[limit] ?? '0', limit));
