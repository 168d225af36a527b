import { onDispose } from '../../src/core/clock.ts';
import type { PlaceReply, VenueDriver, VenueEvent, VenueOrder } from '../../src/desk/index.ts';

/** A fill that the venue made, whether it has told us or not. */
interface Execution {
  readonly executionId: string;
  readonly quantity: number;
  readonly price: string;
  readonly fee: string;
  told: boolean;
}

/** What is true of an order at the venue. Nothing here is read from our own books. */
export interface Truth {
  readonly order: VenueOrder;
  readonly quantity: number;
  readonly executions: Execution[];
  /** The reply that is still owed. */
  reply: PromiseWithResolvers<PlaceReply> | undefined;
  /** Nothing fills any more. */
  ended: boolean;
  /** It has been said how much was filled in all: rejected, or ended with a quantity. */
  final: boolean;
  /** Filled more than asked, or more than was said to be final. */
  lied: boolean;
}

const sum = (executions: readonly Execution[]): number =>
  executions.reduce((total, { quantity }) => total + quantity, 0);

export const filled = ({ executions }: Truth): number => sum(executions);
export const told = ({ executions }: Truth): number => sum(executions.filter((execution) => execution.told));
/** The most that can ever be told to have been filled. */
export const cap = (truth: Truth): number => (truth.final ? filled(truth) : truth.quantity);

/**
 * A venue with a will of its own: it answers, fills, cancels, repeats itself, is late and lies when the test says so. It
 * keeps its own books.
 */
export class VenueModel implements VenueDriver {
  readonly name = 'model';
  readonly orders = new Map<string, Truth>();
  /** Called with each order in the tick in which it arrives. */
  onPlace: (order: VenueOrder) => void = () => undefined;
  onCancel: (truth: Truth | undefined) => Promise<void> = () => Promise.resolve();
  #listener: (event: VenueEvent) => void = () => undefined;
  #executions = 0;

  place(order: VenueOrder): Promise<PlaceReply> {
    this.onPlace(order);
    const reply = Promise.withResolvers<PlaceReply>();
    this.orders.set(order.clientOrderId, {
      order,
      quantity: Number(order.quantity),
      executions: [],
      reply,
      ended: false,
      final: false,
      lied: false,
    });
    return reply.promise;
  }

  cancel(clientOrderId: string): Promise<void> {
    return this.onCancel(this.orders.get(clientOrderId));
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    this.#listener = listener;
    return onDispose(() => {
      this.#listener = () => undefined;
    });
  }

  reply(truth: Truth, how: 'accept' | 'reject' | 'error' | 'lost' | 'nonsense'): void {
    const { reply } = truth;
    truth.reply = undefined;
    const refusable = filled(truth) === 0 && !truth.ended;
    if (how === 'error' || (how === 'lost' && !refusable)) reply?.reject(new Error('connection reset'));
    else if (how === 'nonsense') reply?.resolve({} as PlaceReply);
    else if (how === 'accept' || !refusable) reply?.resolve({ status: 'accepted' });
    else {
      truth.ended = true;
      truth.final = how === 'reject';
      if (how === 'lost') reply?.reject(new Error('connection reset'));
      else reply?.resolve({ status: 'rejected', reason: 'the model said no' });
    }
  }

  fill(truth: Truth, quantity: number, price: string, fee: string, tellNow: boolean): void {
    const executionId = `x${(this.#executions += 1)}`;
    if (truth.final || filled(truth) + quantity > truth.quantity) truth.lied = true;
    truth.executions.push({ executionId, quantity, price, fee, told: false });
    if (tellNow) this.tell(truth, truth.executions.length - 1);
  }

  /** Tells an execution, for the first time or again. */
  tell({ order: { clientOrderId }, executions }: Truth, at: number): void {
    const execution = executions[at % executions.length];
    if (execution === undefined) return;
    execution.told = true;
    this.#listener({
      type: 'filled',
      clientOrderId,
      executionId: execution.executionId,
      quantity: String(execution.quantity),
      price: execution.price,
      fee: { amount: execution.fee, currency: 'USDT' },
      liquidity: 'maker',
    });
  }

  tellAll(truth: Truth): void {
    truth.executions.forEach((execution, at) => {
      if (!execution.told) this.tell(truth, at);
    });
  }

  end(truth: Truth, type: 'cancelled' | 'expired', withCumulative: boolean): void {
    truth.ended = true;
    truth.final ||= withCumulative;
    const { clientOrderId } = truth.order;
    const cumulative = String(filled(truth));
    this.#listener({ type, clientOrderId, ...(withCumulative ? { cumulative } : undefined) });
  }
}
