import assert from 'node:assert/strict';
import { clientOrderId } from '../../core/ids.ts';
import { toGrid, toText } from '../../core/increment.ts';
import { add, lots, notionalDown, ticks } from '../../core/units.ts';
import type { VenueEvent, VenueOrder, VenueOrderReport } from '../../desk/venue/venue-driver.ts';
import type { Side } from '../../trading/order-intent.ts';
import type { VenueUnderTest } from './venue-under-test.ts';
import { Witness } from './witness.ts';

/** How often things are given time to arrive before they count as missing. */
const ROUNDS = 200;

/** An order as the cases think of it: quantities in units, prices in ticks away from the middle. */
export interface AskedOrder {
  readonly side?: Side;
  readonly quantity?: number;
  readonly price?: number;
  readonly postOnly?: boolean;
  readonly timeInForce?: 'GTC' | 'IOC' | 'FOK';
}

/** A driver without a desk, and the numbers of its instrument made small: a unit is its smallest order. */
export class VenueSession {
  readonly subject: VenueUnderTest;
  readonly driver: Witness;
  /** A signal that never aborts. */
  readonly signal: AbortSignal = new AbortController().signal;
  readonly #middle: number;
  readonly #unit: number;

  constructor(subject: VenueUnderTest) {
    const { driver, instrument, price } = subject;
    const { grid, minQuantity, minNotional } = instrument;
    this.subject = subject;
    this.driver = new Witness(driver, instrument);
    this.#middle = price === undefined ? 1_000 : toGrid(price, grid.tick, 'exact');
    let unit = minQuantity;
    while (!(notionalDown(grid, unit, ticks(this.#middle - 20)) >= minNotional)) unit = add(unit, unit);
    this.#unit = unit;
  }

  /** The plain text of a price so many ticks from the middle. */
  price(away: number): string {
    return toText(this.#middle + away, this.subject.instrument.grid.tick);
  }

  /** The plain text of so many units. */
  quantity(count: number): string {
    return toText(count * this.#unit, this.subject.instrument.grid.step);
  }

  /** How many units a quantity is; NaN off the grid. */
  units(quantity: string): number {
    const sign = quantity.startsWith('-') ? -1 : 1;
    return (
      (sign * toGrid(quantity.replace(/^-/, ''), this.subject.instrument.grid.step, 'exact')) / this.#unit
    );
  }

  /** How many units so many lots are. */
  ofLots(quantity: number): number {
    return quantity / this.#unit;
  }

  /** How many ticks a price is from the middle; NaN off the grid. */
  away(price: string): number {
    return toGrid(price, this.subject.instrument.grid.tick, 'exact') - this.#middle;
  }

  /** A level of a view, in the numbers of the grid. */
  level(away: number, count: number) {
    return { price: ticks(this.#middle + away), quantity: lots(count * this.#unit) };
  }

  /** The id under which a name is known to the venue, as a desk makes it. */
  id(name: string): string {
    return clientOrderId(this.subject.accountId, 'contract', name);
  }

  /** An order to buy 4 units at the middle, unless said otherwise. */
  order(name: string, asked: AskedOrder = {}): VenueOrder {
    const { side = 'buy', quantity = 4, price = 0, postOnly = false, timeInForce = 'GTC' } = asked;
    const { accountId, instrument } = this.subject;
    return Object.freeze({
      clientOrderId: this.id(name),
      accountId,
      instrumentId: instrument.instrumentId,
      side,
      quantity: this.quantity(quantity),
      price: this.price(price),
      postOnly,
      timeInForce,
    });
  }

  /** Places an order without a desk, and gives the status of the answer. */
  async place(name: string, asked: AskedOrder = {}): Promise<string> {
    const reply = await this.arrives(this.driver.place(this.order(name, asked), this.signal));
    if (reply.status === 'rejected') assert.ok(reply.reason.length > 0, 'a rejection has a reason');
    return reply.status;
  }

  /** Others show `count` units ten ticks away on either side, unless said otherwise. */
  async quote(bid = -10, ask = 10, count = 10): Promise<void> {
    await this.subject.quote(this.price(bid), this.price(ask), this.quantity(count));
    await this.subject.settle();
  }

  /** Somebody else buys or sells. */
  async trade(aggressor: Side, away: number, count: number): Promise<void> {
    await this.subject.trade(aggressor, this.price(away), this.quantity(count));
    await this.quiet();
  }

  /** The order as the venue has it, in units and ticks; `undefined` when it does not know it. */
  async lookup(name: string) {
    const report = await this.arrives(this.driver.lookup(this.id(name), this.signal));
    if (report === undefined) return undefined;
    assert.equal(report.clientOrderId, this.id(name));
    assert.equal(report.accountId, this.subject.accountId);
    assert.equal(report.instrumentId, this.subject.instrument.instrumentId);
    return this.brief(report);
  }

  /** Open orders by id, in units and ticks. */
  async openOrders() {
    const reports = await this.arrives(this.driver.openOrders(this.signal));
    return new Map(reports.map((report) => [report.clientOrderId, this.brief(report)]));
  }

  brief({ side, quantity, price, cumulative, state }: VenueOrderReport) {
    return {
      side,
      quantity: this.units(quantity),
      price: this.away(price),
      cumulative: this.units(cumulative),
      state,
    };
  }

  /** What was told of an order, but for its acceptance, which may come as an answer. */
  told(name: string): readonly VenueEvent[] {
    const id = this.id(name);
    return this.driver.heard.filter(
      (event) => 'clientOrderId' in event && event.clientOrderId === id && event.type !== 'accepted',
    );
  }

  /** The units of the fills that were told of an order, and how much was said at its end. */
  story(name: string): readonly string[] {
    return this.told(name).map((event) => {
      if (event.type === 'filled') return `filled ${this.units(event.quantity)}`;
      if (event.type === 'cancelled' || event.type === 'expired')
        return `over at ${event.cumulative === undefined ? '?' : this.units(event.cumulative)}`;
      return event.type;
    });
  }

  /** Waits for an answer while time passes. */
  async arrives<T>(waiting: Promise<T>): Promise<T> {
    const wait = { over: false };
    const done = (): void => {
      wait.over = true;
    };
    waiting.then(done, done);
    await this.until(() => wait.over, 'no answer came');
    return waiting;
  }

  /** Lets time pass until something is so. */
  async until(isSo: () => boolean, otherwise: string): Promise<void> {
    for (let n = 0; n < ROUNDS; n += 1) {
      if (isSo()) return;
      await this.subject.settle();
    }
    assert.ok(isSo(), otherwise);
  }

  /** Lets pass what time may bring. */
  async quiet(): Promise<void> {
    for (let n = 0; n < 3; n += 1) await this.subject.settle();
  }

  /** Nothing was said in numbers that cannot be taken at their word. */
  close(): Promise<void> {
    this.driver[Symbol.dispose]();
    assert.deepEqual(this.driver.faults, []);
    return Promise.resolve();
  }
}
