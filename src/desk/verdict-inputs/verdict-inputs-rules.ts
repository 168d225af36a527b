import { hash } from 'node:crypto';
import type { z } from 'zod';
import { canonicalJson } from '../../audit/canonical-json.ts';
import { decimal } from '../../core/decimal.ts';
import { unitsToDecimal, units } from '../../core/units.ts';
import { executionLimitsSchema } from '../../execution/execution-limits.ts';
import type { ExecutionPolicy } from '../../execution/execution-policy.ts';
import { riskLimitsSchema } from '../../risk/risk-limits.ts';
import type { RiskGuard } from '../../risk/risk-guard.ts';
import type { Instrument, InstrumentOptions } from '../../trading/instrument.ts';

/** Everything that verdicts are made under, as it stands in the audit log: limits as options give them. */
export interface VerdictRules {
  /** Sets of limits: one, and more while they are being changed. */
  readonly risk: readonly unknown[];
  readonly execution: readonly unknown[];
  /** Names of the gates that were asked, built in and own. */
  readonly gates: { readonly risk: readonly string[]; readonly execution: readonly string[] };
  readonly limitsHash: string;
  readonly executionLimitsHash: string;
  readonly venue?: string;
  readonly instruments: readonly InstrumentOptions[];
}

/** By how many digits of its hash rules are referred to. */
const DIGITS = 16;

export const rulesHash = (rules: VerdictRules): string =>
  hash('sha256', canonicalJson(rules)).slice(0, DIGITS);

export function rulesOf(
  guard: RiskGuard,
  policy: ExecutionPolicy,
  instruments: readonly Instrument[],
): VerdictRules {
  const { venueName, basis } = guard;
  return {
    risk: basis.limits.map((limits) => asOptions(riskLimitsSchema, limits)),
    execution: policy.basis.limits.map((limits) => asOptions(executionLimitsSchema, limits)),
    gates: { risk: basis.gates, execution: policy.basis.gates },
    limitsHash: guard.limitsHash,
    executionLimitsHash: policy.limitsHash,
    ...(venueName !== undefined && { venue: venueName }),
    instruments: instruments.map(instrumentOptions),
  };
}

/** As `defineInstrument` takes it. */
function instrumentOptions(instrument: Instrument): InstrumentOptions {
  const { instrumentId, kind, base, quote, grid, minQuantity, maxQuantity, minNotional } = instrument;
  const { numerator, denominator } = instrument.initialMargin;
  const quantity = (count: number): string => grid.step.value.times(String(count)).toFixed();
  return {
    instrumentId,
    kind,
    ...(kind === 'linear' && {
      initialMarginFraction: decimal(BigInt(numerator))
        .div(decimal(BigInt(denominator)))
        .toFixed(),
    }),
    base,
    quote,
    tick: grid.tick.value.toFixed(),
    step: grid.step.value.toFixed(),
    multiplier: grid.multiplier.toFixed(),
    minQuantity: quantity(minQuantity),
    ...(maxQuantity < Number.MAX_SAFE_INTEGER && { maxQuantity: quantity(maxQuantity) }),
    minNotional: unitsToDecimal(minNotional).toFixed(),
  };
}

/**
 * Limits that have been read, as they would have to be given. Money is what a schema reads from text and not from a
 * number, so the schema itself says where it stands.
 */
function asOptions(schema: z.ZodType, limits: unknown): unknown {
  const options: unknown = JSON.parse(JSON.stringify(limits));
  const { error } = schema.safeParse(options);
  return (error?.issues ?? []).reduce((given, { path }) => withMoney(given, path), options);
}

/** The same value, with the numbers at or below a path as money in decimals. */
function withMoney(value: unknown, [step, ...path]: readonly PropertyKey[]): unknown {
  if (typeof value === 'number') return unitsToDecimal(units(value)).toFixed();
  if (typeof value !== 'object' || value === null) return value;
  const into = ([name, member]: readonly [string, unknown]) =>
    [name, step === undefined || name === String(step) ? withMoney(member, path) : member] as const;
  if (Array.isArray(value)) return value.map((member: unknown, at) => into([String(at), member])[1]);
  return Object.fromEntries(Object.entries(value).map(into));
}
