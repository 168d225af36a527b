import { decimal } from '../../src/core/index.ts';
import type {
  VenueBalance,
  VenueDriver,
  VenueEvent,
  VenueFill,
  VenueOrderReport,
  VenuePosition,
} from '../../src/desk/venue/venue-driver.ts';
import type { Clock } from '../../src/core/clock.ts';
import { ScriptedDriver, never } from '../support/scripted-driver.ts';

/** The venue of a scenario: it outlives every process that trades there, and knows what others do on the account. */
export class ScenarioVenue {
  readonly driver: ScriptedDriver;
  readonly foreignFills: VenueFill[] = [];
  readonly foreignOrders: VenueOrderReport[] = [];
  /** Positions that no fill explains. */
  readonly gifts: VenuePosition[] = [];
  readonly balances: VenueBalance[] = [];
  /** Whether it leaves questions without an answer. */
  silent = false;

  constructor(clock: Pick<Clock, 'nowMs'>) {
    const driver = new ScriptedDriver(clock);
    const { memory } = driver;
    const answer = <T>(value: () => T): Promise<T> =>
      this.silent ? Promise.reject(new Error('connection refused')) : Promise.resolve(value());
    driver.onLookup = (id) => answer(() => memory.lookup(id));
    driver.onOpenOrders = () => answer(() => [...memory.openOrders(), ...this.foreignOrders]);
    driver.onFills = (sinceMs) =>
      answer(() => [...memory.fills(sinceMs), ...this.foreignFills.filter(({ atMs }) => atMs >= sinceMs)]);
    driver.onPositions = () => answer(() => this.#positions());
    driver.onBalances = () => answer(() => this.balances);
    this.driver = driver;
  }

  /** It takes every cancel, and says nothing yet. */
  takeCancels(): void {
    this.driver.onCancel = () => Promise.resolve();
  }

  /** It confirms every cancel, and fills what is placed, right after its answer. */
  obey(): void {
    const { driver } = this;
    driver.onCancel = (clientOrderId) => {
      const cumulative = driver.memory.lookup(clientOrderId)?.cumulative ?? '0';
      queueMicrotask(() => {
        driver.tell({ type: 'cancelled', clientOrderId, cumulative });
      });
      return Promise.resolve();
    };
    driver.onPlace = ({ clientOrderId, quantity, price }) => {
      setImmediate(() => {
        driver.fill(clientOrderId, `exit-${clientOrderId}`, quantity, { price });
      });
      return Promise.resolve({ status: 'accepted' });
    };
  }

  #positions(): VenuePosition[] {
    const sums = new Map<string, VenuePosition>();
    const traded = this.foreignFills.map(({ accountId, instrumentId, side, quantity }) => {
      return { accountId, instrumentId, quantity: side === 'buy' ? quantity : `-${quantity}` };
    });
    for (const one of [...this.driver.memory.positions(), ...traded, ...this.gifts]) {
      const key = `${one.accountId} ${one.instrumentId}`;
      const quantity = decimal(one.quantity)
        .plus(sums.get(key)?.quantity ?? '0')
        .toFixed();
      sums.set(key, { ...one, quantity });
    }
    return [...sums.values()].filter(({ quantity }) => !decimal(quantity).eq('0'));
  }
}

/** The line of one process to the venue. Once cut, nothing comes through any more, in either direction. */
export class VenueLine implements VenueDriver {
  readonly name = 'scripted';
  readonly #driver: ScriptedDriver;
  #cut = false;

  constructor(driver: ScriptedDriver) {
    this.#driver = driver;
  }

  /** The same line of a venue that cannot change an order. */
  withoutAmend(): VenueDriver {
    const { name, place, cancel, lookup, openOrders, fills, positions, balances } = this;
    const onEvent: VenueDriver['onEvent'] = (listener) => this.onEvent(listener);
    return { name, place, cancel, lookup, openOrders, fills, positions, balances, onEvent };
  }

  cut(): void {
    this.#cut = true;
  }

  place: VenueDriver['place'] = (order, signal) => this.#through(() => this.#driver.place(order, signal));
  cancel: VenueDriver['cancel'] = (id, signal) => this.#through(() => this.#driver.cancel(id, signal));
  amend: NonNullable<VenueDriver['amend']> = (order, signal) =>
    this.#through(() => this.#driver.amend(order, signal));
  lookup: VenueDriver['lookup'] = (id, signal) => this.#through(() => this.#driver.lookup(id, signal));
  openOrders: VenueDriver['openOrders'] = (signal) => this.#through(() => this.#driver.openOrders(signal));
  fills: VenueDriver['fills'] = (since, signal) => this.#through(() => this.#driver.fills(since, signal));
  positions: VenueDriver['positions'] = (signal) => this.#through(() => this.#driver.positions(signal));
  balances: VenueDriver['balances'] = (signal) => this.#through(() => this.#driver.balances(signal));

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    return this.#driver.onEvent((event) => {
      if (!this.#cut) listener(event);
    });
  }

  #through<T>(ask: () => Promise<T>): Promise<T> {
    return this.#cut ? never() : ask();
  }
}
