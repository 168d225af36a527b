import { decimal } from '../../src/core/index.ts';
import type {
  VenueEvent,
  VenueFill,
  VenueOrder,
  VenueOrderReport,
  VenuePosition,
} from '../../src/desk/venue/venue-driver.ts';

interface Remembered {
  order: VenueOrder;
  /** Whether the venue has said that it has it, one way or another. */
  known: boolean;
  end: 'cancelled' | 'expired' | 'rejected' | undefined;
  reason: string | undefined;
}

const sum = (quantities: readonly string[]): string =>
  quantities.reduce((total, quantity) => total.plus(quantity), decimal('0')).toFixed();

/**
 * What a venue must know when it has taken these orders and told these events. What was placed and never answered, it
 * does not know: whether it arrived is for the test to say.
 */
export class VenueMemory {
  readonly #orders = new Map<string, Remembered>();
  readonly #fills: VenueFill[] = [];

  placed(order: VenueOrder): void {
    // Sent again after an answer: the venue still has the first.
    if (this.#orders.get(order.clientOrderId)?.known === true) return;
    this.#orders.set(order.clientOrderId, { order, known: false, end: undefined, reason: undefined });
  }

  amended(clientOrderId: string, change: { readonly quantity: string; readonly price: string }): void {
    const found = this.#orders.get(clientOrderId);
    const { quantity, price } = change;
    if (found !== undefined) found.order = { ...found.order, quantity, price };
  }

  /** Takes whatever was told; what makes no sense, or is of an order that was never placed, leaves no trace. */
  told(something: unknown, atMs: number): void {
    if (typeof something !== 'object' || something === null) return;
    const event = something as VenueEvent;
    if (!('clientOrderId' in event) || typeof event.clientOrderId !== 'string') return;
    const found = this.#orders.get(event.clientOrderId);
    if (found === undefined) return;
    found.known = true;
    if (event.type === 'accepted') found.end = undefined;
    if (event.type === 'cancelled' || event.type === 'expired') found.end = event.type;
    if (event.type === 'rejected') {
      found.end = 'rejected';
      found.reason = event.reason;
    }
    if (event.type === 'amended') this.amended(event.clientOrderId, event);
    if (event.type === 'filled') this.#filled(found.order, event, atMs);
  }

  lookup(clientOrderId: string): VenueOrderReport | undefined {
    const found = this.#orders.get(clientOrderId);
    if (found?.known !== true) return undefined;
    const { accountId, instrumentId, side, quantity, price } = found.order;
    const mine = this.#fills.filter((fill) => fill.clientOrderId === clientOrderId);
    const cumulative = sum(mine.map((fill) => fill.quantity));
    const state = decimal(cumulative).gte(quantity) ? 'filled' : (found.end ?? 'working');
    return {
      clientOrderId,
      accountId,
      instrumentId,
      side,
      quantity,
      price,
      cumulative,
      state,
      ...(found.reason !== undefined && { reason: found.reason }),
    };
  }

  openOrders(): readonly VenueOrderReport[] {
    const reports = [...this.#orders.keys()].map((id) => this.lookup(id));
    return reports.filter((report) => report?.state === 'working') as VenueOrderReport[];
  }

  fills(sinceMs: number): readonly VenueFill[] {
    return this.#fills.filter(({ atMs }) => atMs >= sinceMs);
  }

  positions(): readonly VenuePosition[] {
    const cells = new Map<string, VenuePosition>();
    for (const { accountId, instrumentId, side, quantity } of this.#fills) {
      const key = `${accountId} ${instrumentId}`;
      const before = decimal(cells.get(key)?.quantity ?? '0');
      const after = side === 'buy' ? before.plus(quantity) : before.minus(quantity);
      cells.set(key, { accountId, instrumentId, quantity: after.toFixed() });
    }
    return [...cells.values()].filter(({ quantity }) => !decimal(quantity).eq('0'));
  }

  #filled(order: VenueOrder, event: VenueEvent & { type: 'filled' }, atMs: number): void {
    const { clientOrderId, executionId, quantity, price, fee, liquidity } = event;
    try {
      decimal(quantity);
    } catch {
      return; // told on purpose to be nonsense
    }
    const again = this.#fills.some(
      (fill) =>
        fill.executionId === executionId &&
        fill.accountId === order.accountId &&
        fill.instrumentId === order.instrumentId,
    );
    if (again) return;
    const { accountId, instrumentId, side } = order;
    this.#fills.push({
      clientOrderId,
      accountId,
      instrumentId,
      side,
      executionId,
      quantity,
      price,
      fee,
      liquidity,
      atMs,
    });
  }
}
