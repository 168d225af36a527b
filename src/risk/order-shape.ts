import { type Lots, abs, lots, min, notionalDown } from '../core/units.ts';
import { type CellView, exitRoom, isExit } from '../trading/book-cell.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { AccountView } from '../trading/book-account.ts';
import type { PricedOrder } from '../trading/price-order.ts';
import { moneyText } from '../core/money-text.ts';

/** What an order is at a quantity: how much of it, and entry or exit. */
export interface OrderShape {
  readonly qty: Lots;
  readonly isExit: boolean;
}

const GATE = 'order';
const FLAT = { pos: lots(0), buy: lots(0), sell: lots(0) };

/** Tells entry from exit at a quantity, trims what is reduce-only, and refuses what the account cannot do at all. */
export function shapeOrder(
  order: PricedOrder,
  account: AccountView,
  asked: Lots,
  cell = account.cell(order.instrument.instrumentId),
): OrderShape | Denial {
  const { side, instrument } = order;
  const position = cell ?? FLAT;
  const room = exitRoom(side, position);
  const against = side === 'sell' ? position.pos > 0 : position.pos < 0;
  if (order.reduceOnly && room === 0)
    return deny(GATE, against ? 'EXIT_ALREADY_WORKING' : 'NOTHING_TO_REDUCE');
  const qty = order.reduceOnly ? min(asked, room) : asked;
  const exit = isExit(side, qty, position);
  // Spot: what is not held cannot be sold, and what is being sold already cannot be sold twice.
  if (side === 'sell' && !exit && instrument.kind === 'spot') {
    return deny(GATE, qty <= position.pos ? 'EXIT_ALREADY_WORKING' : 'SHORT_NOT_ALLOWED', {
      measured: qty,
      limit: room,
    });
  }
  // Money is added up over instruments, so it must be of one kind, or be made so.
  if (
    !exit &&
    instrument.quote !== account.currency &&
    !(account.rateMonotonicMs(instrument.quote) > -Infinity)
  )
    return deny(GATE, 'FX_RATE_MISSING', { measured: instrument.quote, limit: account.currency });
  return { qty, isExit: exit };
}

/** The minimum of the instrument. The one order below it that is allowed takes a remainder whole. */
export function belowMinimum(
  order: PricedOrder,
  cell: CellView | undefined,
  { qty, isExit: exit }: OrderShape,
): Denial | undefined {
  const { instrument, worst } = order;
  const value = notionalDown(instrument.grid, qty, worst);
  const enough = qty >= instrument.minQuantity;
  if (enough && value >= instrument.minNotional) return undefined;
  if (exit && cell !== undefined && qty === abs(cell.pos)) return undefined;
  return deny(
    GATE,
    exit ? 'EXIT_BELOW_MINIMUM' : 'BELOW_MINIMUM',
    enough
      ? { measured: moneyText(value), limit: moneyText(instrument.minNotional) }
      : { measured: qty, limit: instrument.minQuantity },
  );
}
