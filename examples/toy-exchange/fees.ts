import type { Listing } from './config.ts';
import { moneyAtRate, moneyText, worth } from './decimals.ts';

/** What a fill costs, in the quote currency: notional times rate, at 8 places, rounded against the trader. */
export function feeOf(
  listing: Pick<Listing, 'makerFeeRate' | 'takerFeeRate'>,
  liquidity: 'maker' | 'taker',
  quantity: bigint,
  price: bigint,
): string {
  const rate = liquidity === 'maker' ? listing.makerFeeRate : listing.takerFeeRate;
  return moneyText(moneyAtRate(worth(quantity, price), rate));
}
