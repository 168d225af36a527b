import type { Principal } from '../../../core/principal.ts';
import type { RiskLimitsInput } from '../../../risk/risk-limits.ts';
import type { LimitControl } from '../limit-control.ts';
import { SHARED_LIMITS, type ShareAmounts } from './share-record.ts';

/** Puts the share of a desk in force. */
export interface ShareLimits {
  /**
   * What is tighter counts within the call; the promise resolves when all of it is in force, and rejects when what is looser is not.
   */
  apply(share: ShareAmounts, why: { readonly by: Principal; readonly reason: string }): Promise<void>;
}

type Scopes = readonly { readonly scope: { readonly kind: string } }[];

/** The share as limits of the firm scope of a guard: over all accounts of its desk. Other limits of the scope stay. */
export const shareLimits = (control: Pick<LimitControl, 'change' | 'limits'>): ShareLimits => ({
  async apply(share, { by, reason }) {
    const { risk } = control.limits;
    const scopes = (risk['scopes'] ?? []) as unknown as Scopes;
    const before = scopes.find(({ scope }) => scope.kind === 'firm');
    const others = scopes.filter((one) => one !== before);
    const amounts = Object.fromEntries(
      SHARED_LIMITS.flatMap((limit) => (share[limit] === undefined ? [] : [[limit, share[limit]]])),
    );
    const firm = { ...before, scope: { kind: 'firm' }, ...amounts };
    const wanted = { ...risk, scopes: [firm, ...others] } as unknown as RiskLimitsInput;
    await control.change({ risk: wanted, by, reason });
  },
});
