import { type Decimal, ZERO, decimal } from '../../core/decimal.ts';
import { PortcullisError } from '../../core/errors.ts';
import { toGrid, toText } from '../../core/increment.ts';
import { type Lots, type Ticks, add, exactMoney, lots, neg } from '../../core/units.ts';
import type { MatchEvent } from '../../simulation/match-event.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { PaperOpening } from './paper-opening.ts';
import type {
  VenueBalance,
  VenueEvent,
  VenueFill,
  VenueOrder,
  VenueOrderReport,
  VenuePosition,
} from '../venue/venue-driver.ts';

/** A fill as the venue made it, whether we have been told yet or not. `atMs`: `latencyMs` before it is told. */
export interface Execution extends VenueFill {
  readonly clientOrderId: string;
}

type Filled = Extract<MatchEvent, { type: 'filled' }>;

/** An order that an engine has taken. */
interface Taken {
  readonly instrument: Instrument;
  /** As it is now. */
  order: VenueOrder;
  cumulative: Lots;
  state: 'working' | 'filled' | 'cancelled';
}

interface Position {
  readonly accountId: string;
  readonly instrument: Instrument;
  quantity: Lots;
  /** Paid in fees of the base currency: what is held is so much less than was traded. */
  fees: Decimal;
}

interface Balance {
  readonly accountId: string;
  readonly currency: string;
  amount: Decimal;
}

/** The books of a paper venue: what became of every order, who holds what, and what was paid. */
export class PaperLedger {
  readonly #taken = new Map<string, Taken>();
  /** Orders that no engine has: refused, or of an earlier process. */
  readonly #reports = new Map<string, VenueOrderReport>();
  readonly #executions: Execution[] = [];
  readonly #positions = new Map<string, Position>();
  readonly #balances = new Map<string, Balance>();

  /** @throws {PortcullisError} `OPTION_INVALID` for a position of an instrument that is not listed, or off its grid */
  constructor(opening: PaperOpening, instruments: Iterable<Instrument>) {
    const listed = new Map([...instruments].map((instrument) => [instrument.instrumentId, instrument]));
    for (const [n, { accountId, instrumentId, quantity }] of opening.positions.entries()) {
      const instrument = listed.get(instrumentId);
      const short = quantity.startsWith('-');
      const step = instrument?.grid.step;
      const count = step === undefined ? NaN : toGrid(short ? quantity.slice(1) : quantity, step, 'exact');
      if (instrument === undefined || Number.isNaN(count)) {
        throw new PortcullisError(
          'OPTION_INVALID',
          `PaperVenue: opening.positions.${n}: expected a listed instrument and a multiple of its step, got ${quantity} of ${instrumentId}`,
        );
      }
      this.#move(accountId, instrument, short ? neg(lots(count)) : lots(count));
    }
    for (const { accountId, currency, amount } of opening.balances) {
      this.#balances.set(`${accountId} ${currency}`, { accountId, currency, amount: decimal(amount) });
    }
    for (const { venueOrderId, reason, state, ...order } of opening.orders) {
      this.#reports.set(order.clientOrderId, {
        ...order,
        state: state === 'working' ? 'expired' : state,
        ...(venueOrderId !== undefined && { venueOrderId }),
        ...(reason !== undefined && { reason }),
      });
    }
  }

  /** Whether the id is taken for ever. That of a refused order is not. */
  isTaken(clientOrderId: string): boolean {
    const report = this.#reports.get(clientOrderId);
    return this.#taken.has(clientOrderId) || (report !== undefined && report.state !== 'rejected');
  }

  /** The order as an engine has or had it, as it is now. */
  order(clientOrderId: string): VenueOrder | undefined {
    return this.#taken.get(clientOrderId)?.order;
  }

  take(order: VenueOrder, instrument: Instrument): void {
    this.#taken.set(order.clientOrderId, { instrument, order, cumulative: lots(0), state: 'working' });
  }

  refuse(order: VenueOrder, reason: string): void {
    const { clientOrderId, accountId, instrumentId, side, quantity, price } = order;
    if (this.isTaken(clientOrderId)) return;
    const report = { clientOrderId, accountId, instrumentId, side, quantity, price, cumulative: '0' };
    this.#reports.set(clientOrderId, { ...report, state: 'rejected', reason });
  }

  amend(clientOrderId: string, quantity: Lots, price: Ticks): void {
    const taken = this.#taken.get(clientOrderId);
    if (taken === undefined) return;
    const { step, tick } = taken.instrument.grid;
    const change = { quantity: toText(quantity, step), price: toText(price, tick) };
    taken.order = Object.freeze({ ...taken.order, ...change });
  }

  /** Books the end of an order, and gives what is to be told of it. */
  cancel(clientOrderId: string): VenueEvent | undefined {
    const taken = this.#taken.get(clientOrderId);
    if (taken === undefined) return undefined;
    taken.state = 'cancelled';
    const cumulative = toText(taken.cumulative, taken.instrument.grid.step);
    return { type: 'cancelled', clientOrderId, cumulative };
  }

  /** Books a fill, and gives what is to be told of it. */
  fill(said: Filled, atMs: number): VenueEvent | undefined {
    const { orderId: clientOrderId, executionId, side, liquidity } = said;
    const taken = this.#taken.get(clientOrderId);
    if (taken === undefined) return undefined;
    const { order, instrument } = taken;
    const { grid, base, quote } = instrument;
    taken.cumulative = add(taken.cumulative, said.quantity);
    const asked = toGrid(order.quantity, grid.step, 'exact');
    if (taken.cumulative === asked) taken.state = 'filled';
    const fill = {
      executionId,
      clientOrderId,
      quantity: toText(said.quantity, grid.step),
      price: toText(said.price, grid.tick),
      fee: Object.freeze({ amount: said.fee.amount.toFixed(), currency: said.fee.currency }),
      liquidity,
    };
    const { accountId, instrumentId } = order;
    this.#executions.push(Object.freeze({ ...fill, accountId, instrumentId, side, atMs }));
    const held = this.#move(accountId, instrument, side === 'buy' ? said.quantity : neg(said.quantity));
    const money = exactMoney(grid, said.quantity, decimal(fill.price));
    this.#pay(accountId, quote, side === 'buy' ? money.neg() : money);
    if (said.fee.currency === base && base !== quote)
      held.fees = held.fees.plus(said.fee.amount.div(grid.multiplier));
    else this.#pay(accountId, said.fee.currency, said.fee.amount.neg());
    return { type: 'filled', ...fill };
  }

  report(clientOrderId: string): VenueOrderReport | undefined {
    const taken = this.#taken.get(clientOrderId);
    if (taken === undefined) return this.#reports.get(clientOrderId);
    const { accountId, instrumentId, side, quantity, price } = taken.order;
    const cumulative = toText(taken.cumulative, taken.instrument.grid.step);
    const { state } = taken;
    return { clientOrderId, accountId, instrumentId, side, quantity, price, cumulative, state };
  }

  /** In the order in which they were made. */
  executions(): readonly Execution[] {
    return [...this.#executions];
  }

  /** Exact: fees in base currency leave what may lie between two steps. */
  positions(): readonly VenuePosition[] {
    return [...this.#positions.values()].flatMap(({ accountId, instrument, quantity, fees }) => {
      const { instrumentId, grid } = instrument;
      const traded = toText(quantity, grid.step);
      const held = decimal(traded).minus(fees);
      if (held.eq('0')) return [];
      return [{ accountId, instrumentId, quantity: fees.eq('0') ? traded : held.toFixed() }];
    });
  }

  balances(): readonly VenueBalance[] {
    return Array.from(this.#balances.values(), ({ amount, ...whose }) => ({
      ...whose,
      amount: amount.toFixed(),
    }));
  }

  #move(accountId: string, instrument: Instrument, by: Lots): Position {
    const key = `${accountId} ${instrument.instrumentId}`;
    const held = this.#positions.get(key) ?? { accountId, instrument, quantity: lots(0), fees: ZERO };
    held.quantity = add(held.quantity, by);
    this.#positions.set(key, held);
    return held;
  }

  /** Cash that nobody said how much there was of is not counted. */
  #pay(accountId: string, currency: string, amount: Decimal): void {
    const balance = this.#balances.get(`${accountId} ${currency}`);
    if (balance !== undefined) balance.amount = balance.amount.plus(amount);
  }
}
