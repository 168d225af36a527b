import { decimalText } from '../../core/decimal.ts';
import { toGrid } from '../../core/increment.ts';
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
} from '../../desk/venue/venue-driver.ts';
import type { Instrument } from '../../trading/instrument.ts';

/** Stands before a driver: changes nothing, notes what is sent and told, and what is no plain decimal on the grid. */
export class Witness implements VenueDriver {
  readonly name: string;
  readonly placed: VenueOrder[] = [];
  readonly amended: VenueOrder[] = [];
  readonly heard: VenueEvent[] = [];
  /** What was said in numbers that cannot be taken at their word. */
  readonly faults: string[] = [];
  readonly amend?: NonNullable<VenueDriver['amend']>;
  readonly #driver: VenueDriver;
  readonly #instrument: Instrument;
  readonly #listening: Disposable;

  constructor(driver: VenueDriver, instrument: Instrument) {
    this.name = driver.name;
    this.#driver = driver;
    this.#instrument = instrument;
    if (driver.amend !== undefined) {
      this.amend = (order, signal): Promise<AmendReply> => {
        this.amended.push(order);
        return driver.amend?.(order, signal) ?? Promise.reject(new Error('amend is gone'));
      };
    }
    this.#listening = driver.onEvent((event) => {
      this.heard.push(event);
      this.#checkEvent(event);
    });
  }

  place(order: VenueOrder, signal: AbortSignal): Promise<PlaceReply> {
    this.placed.push(order);
    return this.#driver.place(order, signal);
  }

  cancel(clientOrderId: string, signal: AbortSignal): Promise<void> {
    return this.#driver.cancel(clientOrderId, signal);
  }

  async lookup(clientOrderId: string, signal: AbortSignal): Promise<VenueOrderReport | undefined> {
    const report = await this.#driver.lookup(clientOrderId, signal);
    if (report !== undefined) this.#checkReport('lookup', report);
    return report;
  }

  async openOrders(signal: AbortSignal): Promise<readonly VenueOrderReport[]> {
    const reports = await this.#driver.openOrders(signal);
    for (const report of reports) this.#checkReport('openOrders', report);
    return reports;
  }

  async fills(sinceMs: number, signal: AbortSignal): Promise<readonly VenueFill[]> {
    const fills = await this.#driver.fills(sinceMs, signal);
    for (const fill of fills) this.#checkFill('fills', fill);
    return fills;
  }

  async positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    const positions = await this.#driver.positions(signal);
    for (const { quantity } of positions) this.#onStep('positions: quantity', quantity.replace(/^-/, ''));
    return positions;
  }

  async balances(signal: AbortSignal): Promise<readonly VenueBalance[]> {
    const balances = await this.#driver.balances(signal);
    for (const { amount } of balances) this.#plain('balances: amount', amount);
    return balances;
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    return this.#driver.onEvent(listener);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  #checkEvent(event: VenueEvent): void {
    if (event.type === 'filled') this.#checkFill('filled', event);
    if (event.type === 'amended') {
      this.#onStep('amended: quantity', event.quantity);
      this.#onTick('amended: price', event.price);
    }
    if ((event.type === 'cancelled' || event.type === 'expired') && event.cumulative !== undefined)
      this.#onStep(`${event.type}: cumulative`, event.cumulative);
  }

  #checkReport(where: string, { quantity, price, cumulative }: VenueOrderReport): void {
    this.#onStep(`${where}: quantity`, quantity);
    this.#onStep(`${where}: cumulative`, cumulative);
    this.#onTick(`${where}: price`, price);
  }

  #checkFill(where: string, { quantity, price, fee }: Pick<VenueFill, 'quantity' | 'price' | 'fee'>): void {
    this.#onStep(`${where}: quantity`, quantity);
    this.#plain(`${where}: price`, price); // may stand between two ticks
    this.#plain(`${where}: fee`, fee.amount);
  }

  #onStep(what: string, text: unknown): void {
    this.#onGrid(what, text, 'step');
  }

  #onTick(what: string, text: unknown): void {
    this.#onGrid(what, text, 'tick');
  }

  #onGrid(what: string, text: unknown, which: 'step' | 'tick'): void {
    if (!(typeof text === 'string' && toGrid(text, this.#instrument.grid[which], 'exact') >= 0))
      this.faults.push(`${what}: expected plain text, a multiple of the ${which}, got ${String(text)}`);
  }

  #plain(what: string, text: unknown): void {
    if (typeof text !== 'string' || decimalText(text) === undefined)
      this.faults.push(`${what}: expected a plain decimal, got ${String(text)}`);
  }
}
