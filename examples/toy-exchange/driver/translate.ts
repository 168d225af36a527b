import type { VenueEvent, VenueFill, VenueOrderReport } from 'portcullis/desk';
import { fromExchangeId } from './client-id.ts';
import type { EventMessage, FillMessage, OrderMessage } from './messages.ts';

/** The words of the exchange as the desk knows them. */
export class Translation {
  readonly #symbols: ReadonlyMap<string, string>;
  readonly #instruments: ReadonlyMap<string, string>;

  /** @param symbols by instrument id; an instrument that is not in it has its own name there */
  constructor(symbols: Readonly<Record<string, string>>) {
    this.#symbols = new Map(Object.entries(symbols));
    this.#instruments = new Map(
      Object.entries(symbols).map(([instrumentId, symbol]) => [symbol, instrumentId]),
    );
  }

  symbol(instrumentId: string): string {
    return this.#symbols.get(instrumentId) ?? instrumentId;
  }

  instrument(symbol: string): string {
    return this.#instruments.get(symbol) ?? symbol;
  }

  order(accountId: string, message: OrderMessage): VenueOrderReport {
    const { orderId, symbol, side, quantity, price, filled, status, reason } = message;
    return {
      ...ours(message),
      venueOrderId: orderId,
      accountId,
      instrumentId: this.instrument(symbol),
      side,
      quantity,
      price,
      cumulative: filled,
      state: status === 'open' ? 'working' : status,
      ...(reason !== undefined && { reason }),
    };
  }

  fill(accountId: string, message: FillMessage): VenueFill {
    const { symbol, side, atMs } = message;
    return {
      ...ours(message),
      ...execution(message),
      accountId,
      instrumentId: this.instrument(symbol),
      side,
      atMs,
    };
  }

  /** An order that was not placed with an id of ours keeps the one it has: the desk does not know it, and must hear of it. */
  event(message: EventMessage): VenueEvent {
    const clientOrderId = fromExchangeId(message.clientId) ?? message.clientId;
    const { type } = message;
    switch (type) {
      case 'accepted':
        return { type, clientOrderId, venueOrderId: message.orderId };
      case 'amended':
        return { type, clientOrderId, quantity: message.quantity, price: message.price };
      case 'filled':
        return { type, clientOrderId, ...execution(message) };
      case 'cancelled':
      case 'expired':
        return { type, clientOrderId, cumulative: message.cumulative };
    }
  }
}

function ours({ clientId }: { readonly clientId: string }): { clientOrderId?: string } {
  const clientOrderId = fromExchangeId(clientId);
  return clientOrderId === undefined ? {} : { clientOrderId };
}

const execution = (
  message: Pick<FillMessage, 'executionId' | 'quantity' | 'price' | 'fee' | 'feeCurrency' | 'liquidity'>,
) => ({
  executionId: message.executionId,
  quantity: message.quantity,
  price: message.price,
  fee: { amount: message.fee, currency: message.feeCurrency },
  liquidity: message.liquidity,
});
