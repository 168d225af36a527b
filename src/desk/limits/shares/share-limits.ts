import type { Principal } from '../../../core/principal.ts';
import type { LimitControl } from '../limit-control.ts';
import { SHARED_LIMITS, type ShareAmounts, amountOf } from './share-record.ts';

/** Puts the share of a desk in force. */
export interface ShareLimits {
  /**
   * What is tighter counts within the call; the promise resolves when all of it is in force, and rejects when what is looser is not. It
   * stays so until the next call: no other change of limits may loosen it, and it may loosen no other limit.
   */
  apply(share: ShareAmounts, why: { readonly by: Principal; readonly reason: string }): Promise<void>;
}

/**
 * The share as a cap of the firm scope of a guard: over all accounts of its desk. Whatever limits persons or files change, the stricter
 * of both is in force.
 */
export const shareLimits = (control: Pick<LimitControl, 'cap'>): ShareLimits => ({
  async apply(share, { by, reason }) {
    const named = SHARED_LIMITS.filter((limit) => share[limit] !== undefined);
    const amounts = Object.fromEntries(named.map((limit) => [limit, amountOf(share, limit)]));
    await control.cap({ amounts, by, reason });
  },
});
