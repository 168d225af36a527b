import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseInput } from '../../core/options.ts';
import type { DayId } from '../../core/trading-day.ts';
import type { StateStore } from '../../storage/state-store.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { SavedOrder } from '../../trading/saved-book.ts';
import { type InstrumentOf, instrumentsById } from './journal-apply.ts';
import { loneOrder, loneOrderSchema, readLoneOrder } from './journal-checkpoint-order.ts';

export interface OrderArchiveDeps {
  /** Keys are `order/<client order id>` and `order-archive`. */
  readonly store: StateStore;
  readonly instruments: readonly Instrument[];
  readonly clock: Pick<Clock, 'turn'>;
}

/** What the archive says of itself. */
const stateSchema = z.object({ version: z.literal(1), before: z.string() });

const STATE = 'order-archive';
const keyOf = (clientOrderId: string): string => `order/${clientOrderId}`;

/** Orders in one write, so that it holds up the event loop for a few milliseconds at most. */
const CHUNK = 200;

/** The orders that are over and older than two trading days: so that no id is ever sent twice. */
export class OrderArchive {
  readonly #store: StateStore;
  readonly #instrumentOf: InstrumentOf;
  readonly #clock: Pick<Clock, 'turn'>;
  #before: DayId | undefined;

  private constructor({ store, instruments, clock }: OrderArchiveDeps, before: DayId | undefined) {
    this.#store = store;
    this.#instrumentOf = instrumentsById(instruments);
    this.#clock = clock;
    this.#before = before;
  }

  /** @throws {PortcullisError} `STORE_UNAVAILABLE`; `INPUT_INVALID` when another version wrote it */
  static async open(deps: OrderArchiveDeps): Promise<OrderArchive> {
    const entry = await deps.store.get(STATE);
    const state = entry && parseInput('the state of the order archive', stateSchema, entry.value);
    return new OrderArchive(deps, state?.before);
  }

  /** The trading day before which all orders that are over are here; `undefined` for an archive that holds none. */
  get completeBefore(): DayId | undefined {
    return this.#before;
  }

  /** Whether no order has been moved here: then there is nothing to find. */
  get isEmpty(): boolean {
    return this.#before === undefined;
  }

  /**
   * The order as it was when it was moved here.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`; `INPUT_INVALID` when it does not stand on the grid of now;
   *   `INSTRUMENT_UNKNOWN`
   */
  async find(clientOrderId: string): Promise<SavedOrder | undefined> {
    const entry = await this.#store.get(keyOf(clientOrderId));
    if (entry === undefined) return undefined;
    const lone = parseInput(`archived order ${clientOrderId}`, loneOrderSchema, entry.value);
    return readLoneOrder(lone, this.#instrumentOf);
  }

  /**
   * Resolves when all of them are durable. What is there already is replaced.
   *
   * @param before the trading day before which all orders that are over are here from now on
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  async keep(orders: readonly SavedOrder[], before: DayId): Promise<void> {
    for (let from = 0; from < orders.length; from += CHUNK) {
      const chunk = orders.slice(from, from + CHUNK);
      await this.#store.setAll(
        chunk.map((saved) => ({ key: keyOf(saved.order.clientOrderId), value: loneOrder(saved) })),
      );
      await this.#clock.turn(); // a store may answer within the tick
    }
    await this.#store.set(STATE, { version: 1, before });
    this.#before = before;
  }
}
