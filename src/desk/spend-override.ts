import { clientOrderId } from '../core/ids.ts';
import type { SpentOverride } from '../risk/overrides/override-register.ts';
import type { SignedOverride } from '../risk/overrides/override.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import type { DeskParts } from './desk-parts.ts';

/** Spends an override for an order that does not exist yet; one that exists takes none. */
export async function spendOverride(
  { book, overrides, guard, policy }: Pick<DeskParts, 'book' | 'overrides' | 'guard' | 'policy'>,
  intent: OrderIntent,
  override: SignedOverride,
): Promise<SpentOverride | Denial | undefined> {
  const { accountId, strategyId, intentId } = intent;
  if (book.order(clientOrderId(accountId, strategyId, intentId)) !== undefined) return undefined;
  if (overrides === undefined) return deny('override', 'OVERRIDE_INVALID', { note: 'this desk takes none' });
  return overrides.spend(override, intent, (gate) => guard.canOverride(gate) || policy.canOverride(gate));
}
