import type { MarketEvent } from '../trading/market-event.ts';
import type { Level } from '../trading/market-view.ts';

/**
 * What makes an event impossible, or `undefined`: ids, prices and quantities that are not whole numbers, a price of
 * nothing, a trade of nothing. A quote may have an empty side, with a quantity of 0.
 */
export function eventFlaw(event: MarketEvent): string | undefined {
  switch (event.type) {
    case 'quote':
      return idFlaw(event.updateId) ?? quoteFlaw(event.bid) ?? quoteFlaw(event.ask);
    case 'trade':
      return idFlaw(event.tradeId) ?? levelFlaw(event) ?? (event.quantity > 0 ? undefined : 'quantity of 0');
    case 'snapshot':
      return idFlaw(event.updateId) ?? levelsFlaw(event.bids) ?? levelsFlaw(event.asks);
    case 'diff':
      return (
        idFlaw(event.updateId) ??
        (event.firstUpdateId <= event.updateId ? undefined : 'first update id beyond the last') ??
        levelsFlaw(event.bids) ??
        levelsFlaw(event.asks)
      );
  }
}

const idFlaw = (id: number): string | undefined =>
  Number.isSafeInteger(id) ? undefined : 'id is not a whole number';

const quoteFlaw = (level: Level): string | undefined => (level.quantity === 0 ? undefined : levelFlaw(level));

function levelsFlaw(levels: readonly Level[]): string | undefined {
  for (const level of levels) {
    const flaw = levelFlaw(level);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

function levelFlaw({ price, quantity }: Level): string | undefined {
  if (!(Number.isSafeInteger(price) && price > 0)) return 'price is not a positive whole number of ticks';
  if (!(Number.isSafeInteger(quantity) && quantity >= 0)) return 'quantity is not a whole number of lots';
  return undefined;
}
