import type { Principal } from '../../core/principal.ts';
import type { Units } from '../../core/units.ts';
import type { RiskLimits } from '../../risk/risk-limits.ts';

/** Limits of the firm that are amounts of money, and can be shared: what several desks lose or hold adds up. */
export type SharedLimit = 'maxDailyLoss' | 'maxTotalExposure' | 'maxClusterExposure' | 'maxCapital';

/** The most that the firm scope may have, whatever else is written for it. */
export type FirmCap = Readonly<Partial<Record<SharedLimit, Units>>>;

export interface FirmCapOrder {
  /** All of it: what is left out is not capped any more. */
  readonly amounts: FirmCap;
  readonly by: Principal;
  readonly reason: string;
}

/** What both allow. */
export function lowerCap(a: FirmCap, b: FirmCap): FirmCap {
  const entries = Object.entries({ ...a, ...b }) as [SharedLimit, Units][];
  return Object.fromEntries(
    entries.map(([limit]) => [limit, Math.min(a[limit] ?? Infinity, b[limit] ?? Infinity)]),
  );
}

/** These limits, with the lesser of both in the firm scope. Its other limits stay. */
export function cappedLimits(risk: RiskLimits, cap: FirmCap): RiskLimits {
  const firm = risk.scopes.find(({ scope }) => scope.kind === 'firm');
  const others = risk.scopes.filter((one) => one !== firm);
  const amounts = (Object.entries(cap) as [SharedLimit, Units][]).map(([limit, most]) => {
    const written = firm?.[limit];
    return [limit, written !== undefined && written <= most ? written : most] as const;
  });
  const capped = { ...firm, scope: { kind: 'firm' }, ...Object.fromEntries(amounts) } as const;
  return { ...risk, scopes: [capped, ...others] };
}
