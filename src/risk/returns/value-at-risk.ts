import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { type Units, neg, units } from '../../core/units.ts';
import type { AccountView } from '../../trading/book-account.ts';
import type { ReturnHistory } from './return-history.ts';
import { type ScenarioColumn, Scenarios } from './scenarios.ts';
import { signedWorst } from './worst-exposure.ts';

/** What a historical simulation is asked for. */
export const valueAtRiskFields = {
  /** The share of scenarios in which the loss is not larger. */
  confidence: z.number().min(0.5).lt(1).default(0.99),
  /** How many bars back; the history has to keep as many. */
  scenarios: z.int().min(2).max(10_000).default(250),
  /** Fewest scenarios in which the return of everything involved is known. */
  minScenarios: z.int().min(2).max(10_000).default(100),
};

const schema = z.strictObject(valueAtRiskFields);

/** @interface */
export type ValueAtRiskOptions = z.input<typeof schema>;
/** @interface */
export type ValueAtRiskParameters = z.output<typeof schema>;

export type ValueAtRisk =
  | {
      readonly kind: 'known';
      /** Never less than 0, rounded up. */
      readonly loss: Units;
      /** How many scenarios it was taken from. */
      readonly scenarios: number;
    }
  | { readonly kind: 'unknown'; readonly because: string };

/** An exposure, long or short, in an instrument. */
export interface Exposure {
  readonly instrumentId: string;
  readonly signed: Units;
}

/**
 * Value at risk of an account over the length of one bar, working and unknown orders included, by historical simulation:
 * each of the last bars is replayed on the worst-case exposure of each instrument (Hull, Risk Management and Financial
 * Institutions, "The historical simulation approach"; Jorion, Value at Risk, 3rd edition, "VaR methods"). It is the r-th worst
 * loss of n scenarios with `r = floor(n (1 - confidence))`, at least 1: the 5th of 500 at 0.99, the 2nd of 250. Scenarios
 * in which a return is unknown are left out. Losses are float64; the result is rounded up by more than their error.
 *
 * @returns `unknown` for an exposure without a mark, an instrument without a history, or with too few common bars
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function valueAtRisk(
  account: AccountView,
  returns: ReturnHistory,
  options: ValueAtRiskOptions = {},
): ValueAtRisk {
  const parameters = requireWindow('valueAtRisk', parseOptions('valueAtRisk', schema, options), returns);
  return lossQuantile(exposuresOf(account), new Scenarios(returns, parameters.scenarios), parameters);
}

/** @throws {PortcullisError} `OPTION_INVALID` when the history is too short for what is asked */
export function requireWindow<P extends ValueAtRiskParameters>(
  component: string,
  parameters: P,
  { window }: ReturnHistory,
): P {
  const { scenarios, minScenarios } = parameters;
  if (scenarios <= window && minScenarios <= scenarios) return parameters;
  throw new PortcullisError(
    'OPTION_INVALID',
    `${component}: expected minScenarios <= scenarios <= the window of ${window}, got ${minScenarios} and ${scenarios}`,
  );
}

/** What the account could be exposed to, without what is 0. */
export function exposuresOf(account: AccountView): Exposure[] {
  const exposures: Exposure[] = [];
  for (const cell of account.cells()) {
    if (cell.worst === 0) continue;
    exposures.push({
      instrumentId: cell.instrument.instrumentId,
      signed: signedWorst(cell, cell.worst),
    });
  }
  return exposures;
}

/** Which of the worst losses of `n` scenarios is the quantile: 1 is the worst. */
export const rankOf = (n: number, confidence: number): number =>
  // 500 x (1 - 0.99) is a little less or more than 5 in float64.
  Math.max(1, Math.floor(n * (1 - confidence) + 1e-9));

/** The error of one float64 addition or product, relative to the larger of what goes in. */
export const ROUNDING = Number.EPSILON;

/** The loss quantile of exposures. One of 0 counts for which scenarios are complete. */
export function lossQuantile(
  exposures: readonly Exposure[],
  scenarios: Scenarios,
  { confidence, minScenarios }: Pick<ValueAtRiskParameters, 'confidence' | 'minScenarios'>,
): ValueAtRisk {
  const columns: ScenarioColumn[] = [];
  const losses = new Float64Array(scenarios.count);
  let bound = 0;
  for (const { instrumentId, signed } of exposures) {
    const column = scenarios.column(instrumentId);
    if (column === undefined) return { kind: 'unknown', because: `no returns of ${instrumentId}` };
    if (!Number.isSafeInteger(signed))
      return { kind: 'unknown', because: `no exposure known in ${instrumentId}` };
    columns.push(column);
    addProduct(losses, neg(signed), column.returns);
    bound += Math.abs(signed) * column.largest;
  }
  if (exposures.length === 0) return { kind: 'known', loss: units(0), scenarios: scenarios.count };
  const gappy = columns.filter(({ gaps }) => gaps > 0);
  const known =
    gappy.length === 0
      ? losses
      : losses.filter((_, scenario) => gappy.every(({ unknown }) => unknown[scenario] === 0));
  if (known.length < minScenarios) {
    const because = `${known.length} common bars of ${fewest(exposures, columns)}, ${minScenarios} needed`;
    return { kind: 'unknown', because };
  }
  const worst = nthLargest(known, rankOf(known.length, confidence));
  const error = columns.length * ROUNDING * bound;
  return { kind: 'known', loss: units(Math.max(0, Math.ceil(worst + error))), scenarios: known.length };
}

/** Adds `factor` times each return. The inner loop of all that is counted here. */
export function addProduct(sums: Float64Array, factor: number, returns: Float64Array): void {
  const { length } = sums;
  // Written without a fallback for each element: that would double its time.
  for (let i = 0; i < length; i += 1) sums[i] = (sums[i] as number) + factor * (returns[i] as number);
}

/** The instrument with the fewest returns, and how many others there are. */
function fewest(exposures: readonly Exposure[], columns: readonly ScenarioColumn[]): string {
  let most = 0;
  for (const [i, { gaps }] of columns.entries()) if (gaps > (columns[most]?.gaps ?? 0)) most = i;
  const others = exposures.length - 1;
  return `${exposures[most]?.instrumentId ?? ''}${others > 0 ? ` and ${others} others` : ''}`;
}

/** One pass over the values, keeping the largest in order: the rank is small. */
function nthLargest(values: Float64Array, rank: number): number {
  const top = new Float64Array(rank).fill(-Infinity);
  for (const value of values) {
    if (!(value > (top[rank - 1] ?? Infinity))) continue;
    let place = rank - 1;
    for (; place > 0 && (top[place - 1] ?? Infinity) < value; place -= 1) top[place] = top[place - 1] ?? NaN;
    top[place] = value;
  }
  return top[rank - 1] ?? NaN;
}
