import type { PlaceReply, VenueDriver, VenueEvent } from 'portcullis/desk';

/** A venue that says what it is told to say. */
export class ToyVenue implements VenueDriver {
  readonly name = 'toy';
  /** What it answers to an order; `undefined`: nothing, ever. */
  reply: PlaceReply | undefined = { status: 'accepted' };
  #listener: (event: VenueEvent) => void = () => undefined;
  #fills = 0;

  place(): Promise<PlaceReply> {
    return this.reply === undefined ? new Promise(() => undefined) : Promise.resolve(this.reply);
  }

  cancel(clientOrderId: string): Promise<void> {
    this.#listener({ type: 'cancelled', clientOrderId, cumulative: '0' });
    return Promise.resolve();
  }

  /** It knows of nothing that it was not told to tell. */
  lookup(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  openOrders(): Promise<[]> {
    return Promise.resolve([]);
  }

  fills(): Promise<[]> {
    return Promise.resolve([]);
  }

  positions(): Promise<[]> {
    return Promise.resolve([]);
  }

  balances(): Promise<[]> {
    return Promise.resolve([]);
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    this.#listener = listener;
    return { [Symbol.dispose]: () => undefined };
  }

  /** Fills an order at a price, without a fee. */
  fill(clientOrderId: string, quantity: string, price: string): void {
    const executionId = `e-${String(++this.#fills)}`;
    const fee = { amount: '0', currency: 'USD' };
    this.#listener({
      type: 'filled',
      clientOrderId,
      executionId,
      quantity,
      price,
      fee,
      liquidity: 'maker',
    });
  }
}
