import { decimal } from 'portcullis/core';
import type {
  PlaceReply,
  VenueDriver,
  VenueEvent,
  VenueFill,
  VenueOrder,
  VenueOrderReport,
} from 'portcullis/desk';

/** What becomes of an order on its way to the venue. */
export type Line = 'good' | 'the answer is lost' | 'the order is lost';

/** A venue with books of its own, and a bad night. It outlives the trading process. */
export class NightVenue implements VenueDriver {
  readonly name = 'toy';
  line: Line = 'good';
  /** Why it does not answer questions. */
  outage: string | undefined;
  readonly #nowMs: () => number;
  readonly #orders = new Map<string, VenueOrderReport>();
  readonly #fills: VenueFill[] = [];
  #listener: (event: VenueEvent) => void = () => undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  place(order: VenueOrder): Promise<PlaceReply> {
    if (this.line === 'the order is lost') return new Promise(() => undefined);
    const { clientOrderId, accountId, instrumentId, side, quantity, price, timeInForce } = order;
    const about = { clientOrderId, accountId, instrumentId, side, quantity, price };
    this.#orders.set(clientOrderId, { ...about, cumulative: '0', state: 'working' });
    if (this.line === 'the answer is lost') return new Promise(() => undefined);
    if (timeInForce === 'IOC') {
      queueMicrotask(() => {
        this.fill(clientOrderId, quantity, price);
      });
    }
    return Promise.resolve({ status: 'accepted' });
  }

  cancel(clientOrderId: string): Promise<void> {
    const order = this.#orders.get(clientOrderId);
    if (this.outage !== undefined || order === undefined) return Promise.reject(new Error('no such order'));
    this.#orders.set(clientOrderId, { ...order, state: 'cancelled' });
    this.#listener({ type: 'cancelled', clientOrderId, cumulative: order.cumulative });
    return Promise.resolve();
  }

  lookup = (clientOrderId: string) => this.#answer(this.#orders.get(clientOrderId));
  openOrders = () => this.#answer([...this.#orders.values()].filter(({ state }) => state === 'working'));
  fills = (sinceMs: number) => this.#answer(this.#fills.filter(({ atMs }) => atMs >= sinceMs));

  positions = () => {
    const quantity = this.#sum(({ side, quantity }) => decimal(side === 'buy' ? quantity : `-${quantity}`));
    return this.#answer([{ accountId: 'main', instrumentId: 'BTC-USD', quantity }]);
  };

  balances = () => {
    const spent = this.#sum(({ side, quantity, price }) =>
      decimal(side === 'buy' ? quantity : `-${quantity}`).times(decimal(price)),
    );
    const amount = decimal('1000000').minus(decimal(spent)).toFixed();
    return this.#answer([{ accountId: 'main', currency: 'USD', amount }]);
  };

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    this.#listener = listener;
    return { [Symbol.dispose]: () => undefined };
  }

  /** The connection goes, or comes back. */
  connection(event: VenueEvent & { type: 'connected' | 'disconnected' }): void {
    this.outage = event.type === 'disconnected' ? event.reason : undefined;
    this.#listener(event);
  }

  /** Fills an order, and says so while it is connected. */
  fill(clientOrderId: string, quantity: string, price: string): void {
    const order = this.#orders.get(clientOrderId);
    if (order === undefined) throw new Error(`no order ${clientOrderId}`);
    const { accountId, instrumentId, side } = order;
    const cumulative = decimal(order.cumulative).plus(decimal(quantity));
    const state = cumulative.eq(decimal(order.quantity)) ? 'filled' : 'working';
    this.#orders.set(clientOrderId, { ...order, cumulative: cumulative.toFixed(), state });
    const executionId = `e-${String(this.#fills.length + 1)}`;
    const fee = { amount: '0', currency: 'USD' };
    const fill = { clientOrderId, executionId, quantity, price, fee, liquidity: 'maker' } as const;
    this.#fills.push({ ...fill, accountId, instrumentId, side, atMs: this.#nowMs() });
    if (this.outage === undefined) this.#listener({ type: 'filled', ...fill });
  }

  #answer<T>(value: T): Promise<T> {
    if (this.outage === undefined) return Promise.resolve(value);
    return Promise.reject(new Error(this.outage));
  }

  #sum(of: (fill: VenueFill) => ReturnType<typeof decimal>): string {
    return this.#fills.reduce((sum, fill) => sum.plus(of(fill)), decimal('0')).toFixed();
  }
}
