import { type Clock, onDispose } from '../../src/core/clock.ts';
import { decimal } from '../../src/core/index.ts';
import type {
  AmendReply,
  PlaceReply,
  VenueBalance,
  VenueDriver,
  VenueEvent,
  VenueFill,
  VenueOrder,
  VenueOrderReport,
  VenuePosition,
} from '../../src/desk/venue/venue-driver.ts';

/** A fill that the venue made, whether it has told us or not. */
interface Execution {
  readonly executionId: string;
  readonly quantity: number;
  readonly price: string;
  readonly fee: string;
  readonly atMs: number;
  told: boolean;
}

/** What is true of an order at the venue. Nothing here is read from our own books. */
export interface Truth {
  order: VenueOrder;
  /** What may fill in all, as it is now. */
  quantity: number;
  readonly executions: Execution[];
  /** The reply that is still owed. */
  reply: PromiseWithResolvers<PlaceReply> | undefined;
  /** Nothing fills any more. */
  ended: boolean;
  /** How it ended, if it did. */
  how: 'rejected' | 'cancelled' | 'expired';
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
 * keeps its own books, and answers questions from them, truthfully.
 */
export class VenueModel implements VenueDriver {
  readonly name = 'model';
  readonly orders = new Map<string, Truth>();
  /** Called with each order in the tick in which it arrives. */
  onPlace: (order: VenueOrder) => void = () => undefined;
  onCancel: (truth: Truth | undefined) => Promise<void> = () => Promise.resolve();
  #listener: (event: VenueEvent) => void = () => undefined;
  /** By default the change is made at once, and refused when nothing can fill any more or too much has. */
  onAmend: (order: VenueOrder) => Promise<AmendReply> = (order) => Promise.resolve(this.change(order));
  #executions = 0;
  readonly #clock: Pick<Clock, 'nowMs'> | undefined;

  /** @param clock what fills are stamped with; without it they are of time 0, and `fills` gives all of them */
  constructor(clock?: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  place(order: VenueOrder): Promise<PlaceReply> {
    this.onPlace(order);
    const reply = Promise.withResolvers<PlaceReply>();
    this.orders.set(order.clientOrderId, {
      order,
      quantity: Number(order.quantity),
      executions: [],
      reply,
      ended: false,
      how: 'rejected',
      final: false,
      lied: false,
    });
    return reply.promise;
  }

  cancel(clientOrderId: string): Promise<void> {
    return this.onCancel(this.orders.get(clientOrderId));
  }

  amend(order: VenueOrder): Promise<AmendReply> {
    return this.onAmend(order);
  }

  lookup(clientOrderId: string): Promise<VenueOrderReport | undefined> {
    const truth = this.orders.get(clientOrderId);
    return Promise.resolve(truth && report(truth));
  }

  openOrders(): Promise<readonly VenueOrderReport[]> {
    const reports = [...this.orders.values()].map(report);
    return Promise.resolve(reports.filter(({ state }) => state === 'working'));
  }

  fills(sinceMs: number): Promise<readonly VenueFill[]> {
    const all = [...this.orders.values()].flatMap(({ order, executions }) =>
      executions.map(({ executionId, quantity, price, fee, atMs }): VenueFill => {
        const { clientOrderId, accountId, instrumentId, side } = order;
        return {
          clientOrderId,
          accountId,
          instrumentId,
          side,
          executionId,
          quantity: String(quantity),
          price,
          fee: { amount: fee, currency: 'USDT' },
          liquidity: 'maker',
          atMs,
        };
      }),
    );
    const number = ({ executionId }: VenueFill): number => Number(executionId.slice(1));
    all.sort((a, b) => number(a) - number(b));
    return Promise.resolve(this.#clock === undefined ? all : all.filter(({ atMs }) => atMs >= sinceMs));
  }

  positions(): Promise<readonly VenuePosition[]> {
    const cells = new Map<string, VenuePosition>();
    for (const truth of this.orders.values()) {
      const { accountId, instrumentId, side } = truth.order;
      const key = `${accountId} ${instrumentId}`;
      const signed = decimal(String(side === 'buy' ? filled(truth) : -filled(truth)));
      const quantity = signed.plus(cells.get(key)?.quantity ?? '0').toFixed();
      cells.set(key, { accountId, instrumentId, quantity });
    }
    return Promise.resolve([...cells.values()].filter(({ quantity }) => Number(quantity) !== 0));
  }

  /** It keeps no cash. */
  balances(): Promise<readonly VenueBalance[]> {
    return Promise.resolve([]);
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    this.#listener = listener;
    return onDispose(() => {
      this.#listener = () => undefined;
    });
  }

  change(order: VenueOrder): AmendReply {
    const truth = this.orders.get(order.clientOrderId);
    if (truth === undefined || report(truth).state !== 'working')
      return { status: 'rejected', reason: 'the model has no such order' };
    if (Number(order.quantity) <= filled(truth))
      return { status: 'rejected', reason: 'the model has filled that much' };
    truth.quantity = Number(order.quantity);
    truth.order = { ...truth.order, quantity: order.quantity, price: order.price };
    return { status: 'amended' };
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
    truth.executions.push({
      executionId,
      quantity,
      price,
      fee,
      atMs: this.#clock?.nowMs() ?? 0,
      told: false,
    });
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
    if (!truth.ended) truth.how = type;
    truth.ended = true;
    truth.final ||= withCumulative;
    const { clientOrderId } = truth.order;
    const cumulative = String(filled(truth));
    this.#listener({ type, clientOrderId, ...(withCumulative ? { cumulative } : undefined) });
  }
}

function report(truth: Truth): VenueOrderReport {
  const { order, quantity, ended, how } = truth;
  const { clientOrderId, accountId, instrumentId, side, price } = order;
  const over = filled(truth) >= quantity ? 'filled' : 'working';
  return {
    clientOrderId,
    accountId,
    instrumentId,
    side,
    quantity: String(quantity),
    price,
    cumulative: String(filled(truth)),
    state: ended && over === 'working' ? how : over,
    ...(ended && how === 'rejected' && { reason: 'the model said no' }),
  };
}
