import { type Clock, onDispose } from '../../src/core/clock.ts';
import type { PlaceReply, VenueDriver, VenueEvent, VenueOrder } from '../../src/desk/index.ts';

export type PlaceScript = (order: VenueOrder, signal: AbortSignal) => Promise<PlaceReply>;
export type CancelScript = (clientOrderId: string, signal: AbortSignal) => Promise<void>;

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

/** A venue whose every word the test decides. It remembers what it was asked, and checks nothing. */
export class ScriptedDriver implements VenueDriver {
  readonly name = 'scripted';
  readonly placed: VenueOrder[] = [];
  readonly cancels: string[] = [];
  onPlace: PlaceScript = accept;
  onCancel: CancelScript = () => Promise.resolve();
  readonly #listeners = new Set<(event: VenueEvent) => void>();

  place(order: VenueOrder, signal: AbortSignal): Promise<PlaceReply> {
    this.placed.push(order);
    return this.onPlace(order, signal);
  }

  cancel(clientOrderId: string, signal: AbortSignal): Promise<void> {
    this.cancels.push(clientOrderId);
    return this.onCancel(clientOrderId, signal);
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    this.#listeners.add(listener);
    return onDispose(() => this.#listeners.delete(listener));
  }

  /** Tells the desk something, sensible or not. */
  tell(event: unknown): void {
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
}
