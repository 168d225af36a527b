import { type Clock, onDispose } from '../../src/core/clock.ts';
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
import { VenueMemory } from './venue-memory.ts';

export type PlaceScript = (order: VenueOrder, signal: AbortSignal) => Promise<PlaceReply>;
export type CancelScript = (clientOrderId: string, signal: AbortSignal) => Promise<void>;
export type AmendScript = (order: VenueOrder, signal: AbortSignal) => Promise<AmendReply>;

export const accept: PlaceScript = () => Promise.resolve({ status: 'accepted' });
export const reject =
  (reason = 'no'): PlaceScript =>
  () =>
    Promise.resolve({ status: 'rejected', reason });
export const never = (): Promise<never> => new Promise(() => undefined);
/** Answers after `ms`, whether anybody still waits or not. */
export const late =
  (clock: Clock, ms: number, reply: PlaceReply = { status: 'accepted' }): PlaceScript =>
  async () => {
    await clock.sleep(ms);
    return reply;
  };
export const failing =
  (message = 'connection reset') =>
  (): Promise<never> =>
    Promise.reject(new Error(message));
export const throwing = (): never => {
  throw new Error('thrown at once');
};
/** What an adapter should never answer. */
export const nonsense =
  (value: unknown): PlaceScript =>
  () =>
    Promise.resolve(value as PlaceReply);

/**
 * A venue whose every word the test decides. It checks nothing, and remembers what it was asked and what it told: the
 * questions are answered from that, unless a script of the test answers them. Orders that were never answered it does not
 * know; balances are never compared unless the test gives some.
 */
export class ScriptedDriver implements VenueDriver {
  readonly name = 'scripted';
  readonly placed: VenueOrder[] = [];
  readonly cancels: string[] = [];
  readonly amends: VenueOrder[] = [];
  /** Every question, as its name and what was asked for: `lookup <id>`, `openOrders`, `fills <sinceMs>`, ... */
  readonly asked: string[] = [];
  readonly memory = new VenueMemory();
  onPlace: PlaceScript = accept;
  onCancel: CancelScript = () => Promise.resolve();
  onAmend: AmendScript = () => Promise.resolve({ status: 'amended' });
  onLookup: (clientOrderId: string, signal: AbortSignal) => Promise<VenueOrderReport | undefined> = (id) =>
    Promise.resolve(this.memory.lookup(id));
  onOpenOrders: (signal: AbortSignal) => Promise<readonly VenueOrderReport[]> = () =>
    Promise.resolve(this.memory.openOrders());
  onFills: (sinceMs: number, signal: AbortSignal) => Promise<readonly VenueFill[]> = (sinceMs) =>
    Promise.resolve(this.memory.fills(this.#clock === undefined ? -Infinity : sinceMs));
  onPositions: (signal: AbortSignal) => Promise<readonly VenuePosition[]> = () =>
    Promise.resolve(this.memory.positions());
  onBalances: (signal: AbortSignal) => Promise<readonly VenueBalance[]> = () => Promise.resolve([]);
  readonly #clock: Pick<Clock, 'nowMs'> | undefined;
  readonly #listeners = new Set<(event: VenueEvent) => void>();

  /** @param clock what fills are stamped with; without it they are of time 0, and `fills` gives all of them */
  constructor(clock?: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  place(order: VenueOrder, signal: AbortSignal): Promise<PlaceReply> {
    const { clientOrderId } = order;
    this.placed.push(order);
    this.memory.placed(order);
    const reply = this.onPlace(order, signal);
    void reply.then(
      (said) => {
        const { status, reason } = (said ?? {}) as { status?: unknown; reason?: string };
        if (status === 'accepted') this.#remember({ type: 'accepted', clientOrderId });
        if (status === 'rejected')
          this.#remember({ type: 'rejected', clientOrderId, reason: reason ?? '(none)' });
      },
      () => undefined,
    );
    return reply;
  }

  amend(order: VenueOrder, signal: AbortSignal): Promise<AmendReply> {
    this.amends.push(order);
    const reply = this.onAmend(order, signal);
    void reply.then(
      (said) => {
        if ((said as Partial<AmendReply> | undefined)?.status === 'amended')
          this.memory.amended(order.clientOrderId, order);
      },
      () => undefined,
    );
    return reply;
  }

  cancel(clientOrderId: string, signal: AbortSignal): Promise<void> {
    this.cancels.push(clientOrderId);
    return this.onCancel(clientOrderId, signal);
  }

  lookup(clientOrderId: string, signal: AbortSignal): Promise<VenueOrderReport | undefined> {
    this.asked.push(`lookup ${clientOrderId}`);
    return this.onLookup(clientOrderId, signal);
  }

  openOrders(signal: AbortSignal): Promise<readonly VenueOrderReport[]> {
    this.asked.push('openOrders');
    return this.onOpenOrders(signal);
  }

  fills(sinceMs: number, signal: AbortSignal): Promise<readonly VenueFill[]> {
    this.asked.push(`fills ${sinceMs}`);
    return this.onFills(sinceMs, signal);
  }

  positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    this.asked.push('positions');
    return this.onPositions(signal);
  }

  balances(signal: AbortSignal): Promise<readonly VenueBalance[]> {
    this.asked.push('balances');
    return this.onBalances(signal);
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    this.#listeners.add(listener);
    return onDispose(() => this.#listeners.delete(listener));
  }

  /** The process that listened has died: only who listens from now on is told. */
  disconnectListeners(): void {
    this.#listeners.clear();
  }

  /** Tells the desk something, sensible or not. */
  tell(event: unknown): void {
    this.#remember(event);
    for (const listener of this.#listeners) listener(event as VenueEvent);
  }

  /** Tells a fill. */
  fill(clientOrderId: string, executionId: string, quantity: string, detail: object = {}): void {
    this.tell({
      type: 'filled',
      clientOrderId,
      executionId,
      quantity,
      price: '100',
      fee: { amount: '0', currency: 'USDT' },
      liquidity: 'maker',
      ...detail,
    });
  }

  #remember(event: unknown): void {
    this.memory.told(event, this.#clock?.nowMs() ?? 0);
  }
}
