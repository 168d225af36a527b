import { toText } from 'portcullis/core';
import { type PaperVenueOptions } from 'portcullis/desk';
import { type BookReader, type OrderView, isOpen } from 'portcullis/trading';

type Opening = NonNullable<PaperVenueOptions['opening']>;
type OpeningOrder = NonNullable<Opening['orders']>[number];

/** What a paper venue held, from the Book that was recovered: it lives in memory, and ends with its process. */
export function paperOpening(book: BookReader): Opening {
  const accounts = [...book.accounts()];
  return {
    positions: accounts.flatMap((account) =>
      Array.from(account.cells(), ({ instrument, pos }) => ({
        accountId: account.accountId,
        instrumentId: instrument.instrumentId,
        quantity: toText(pos, instrument.grid.step),
      })),
    ),
    balances: accounts.map(({ accountId, currency, cash }) => ({
      accountId,
      currency,
      amount: cash.toFixed(),
    })),
    orders: Array.from(book.orders(), openingOrder).filter((order) => order !== undefined),
  };
}

/** `undefined` for one that never reached the venue. */
function openingOrder({ order, state, cumulative }: OrderView): OpeningOrder | undefined {
  if (state === 'abandoned') return undefined;
  const { clientOrderId, accountId, instrument, side, qty, worst } = order;
  return {
    clientOrderId,
    accountId,
    instrumentId: instrument.instrumentId,
    side,
    quantity: toText(qty, instrument.grid.step),
    price: toText(worst, instrument.grid.tick),
    cumulative: toText(cumulative, instrument.grid.step),
    state: isOpen(state) ? 'working' : (state as NonNullable<OpeningOrder['state']>),
  };
}
