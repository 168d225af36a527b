import { ZERO, decimal } from '../../core/decimal.ts';
import { type Units, lots, sub, ticks, units } from '../../core/units.ts';
import { Book } from '../../trading/book.ts';
import type { FxRate, FxRates } from '../../trading/fx-rates.ts';
import { type Instrument, defineInstrument } from '../../trading/instrument.ts';
import type { DataProblemCode, MarketView } from '../../trading/market-view.ts';
import type { BookedOrder } from '../../trading/order-event.ts';
import type { Side } from '../../trading/order-intent.ts';
import type { SavedAccount, SavedCell, SavedOrder } from '../../trading/saved-book.ts';
import type {
  AccountInputs,
  CrossingInputs,
  VerdictInputs,
  ViewInputs,
} from '../verdict-inputs/verdict-inputs.ts';

type Instruments = ReadonlyMap<string, Instrument>;

/** No id has blanks. */
const OTHERS = 'all others';

/**
 * A Book of what was recorded: the same positions, marks and money; what worked is held by orders that stand for it, one
 * for each strategy and side.
 *
 * @throws {Error} where the record contradicts itself
 */
export function bookOf(inputs: VerdictInputs, instruments: Instruments, instrumentId: string): Book {
  const book = bookWith(inputs, instruments, instrumentId, () => units(0));
  const hasOpens = inputs.accounts?.some(({ strategies }) => strategies !== undefined) === true;
  if (!hasOpens) return book;
  // What a strategy began the day with is what it has at these marks, less what it is known to have earned since.
  return bookWith(inputs, instruments, instrumentId, (accountId, strategyId, earned) =>
    sub(book.account(accountId)?.strategyPnl(strategyId) ?? units(NaN), earned),
  );
}

type DayOpen = (accountId: string, strategyId: string, earned: Units) => Units;

function bookWith(
  inputs: VerdictInputs,
  instruments: Instruments,
  instrumentId: string,
  openOf: DayOpen,
): Book {
  const { accounts = [], marks = [], dayId, view, crossing } = inputs;
  const book = new Book({ fxRates: () => ratesOf(accounts) });
  // Before the accounts, so that no high-water mark moves.
  for (const [id, price, monotonicMs] of marks) book.mark(markView(id, price, monotonicMs));
  if (view !== undefined) book.mark(viewOf(view, instrumentId));
  const saved = accounts.map((account) => savedAccount(account, instruments, openOf));
  book.restore({ dayId, adjustments: [], accounts: saved, orders: [] });
  for (const account of accounts) holdWhatWorks(book, account, instruments);
  if (crossing !== undefined)
    book.revive(crossingOrder(crossing, required(instruments, instrumentId), dayId));
  return book;
}

/** @throws {Error} for one that is not in the rules */
function required(instruments: Instruments, instrumentId: string): Instrument {
  const instrument = instruments.get(instrumentId);
  if (instrument !== undefined) return instrument;
  throw new Error(`the rules on record have no instrument ${instrumentId}`);
}

function ratesOf(accounts: readonly AccountInputs[]): FxRates {
  const rates = new Map<string, FxRate>();
  for (const { currency, currencies = [] } of accounts) {
    for (const [from, , rate, monotonicMs] of currencies) {
      if (rate !== null) rates.set(`${from} ${currency}`, { rate: decimal(rate, 'rate'), monotonicMs });
    }
  }
  return { rate: (from, to) => rates.get(`${from} ${to}`) };
}

function savedAccount(account: AccountInputs, instruments: Instruments, openOf: DayOpen): SavedAccount {
  const {
    accountId,
    currency,
    cash,
    dayOpen,
    highWater,
    cells,
    currencies = [],
    shares = [],
    strategies = [],
  } = account;
  return {
    accountId,
    currency,
    cash: decimal(cash, 'cash'),
    fees: ZERO,
    flows: ZERO,
    adjusted: ZERO,
    dayOpen: units(dayOpen),
    highWater: units(highWater),
    cells: cells.map(([instrumentId, pos, , , cost]): SavedCell => {
      const own = shares.filter(([id]) => id === instrumentId);
      const rest = own.reduce((left, [, , held]) => left - held, pos);
      return {
        instrument: required(instruments, instrumentId),
        pos: lots(pos),
        cost: decimal(cost, 'cost'),
        realised: ZERO,
        fees: ZERO,
        shares: [
          ...own.map(([, strategyId, held]) => ({ strategyId, pos: lots(held), cash: ZERO })),
          { strategyId: OTHERS, pos: lots(rest), cash: ZERO },
        ],
      };
    }),
    currencies: currencies.map(([code, held]) => ({
      currency: code,
      cash: decimal(held, 'cash'),
      fees: ZERO,
      adjusted: ZERO,
    })),
    strategies: strategies.map(([strategyId, earned]) => ({
      strategyId,
      pnl: openOf(accountId, strategyId, units(earned)),
    })),
  };
}

/** Also tells every cell its mark. */
function holdWhatWorks(book: Book, account: AccountInputs, instruments: Instruments): void {
  const { accountId, cells, shares = [] } = account;
  claim(book, account);
  for (const [instrumentId, , buy, sell] of cells) {
    const instrument = required(instruments, instrumentId);
    const hold = (strategyId: string, side: Side, qty: number): void => {
      if (!(qty > 0)) return;
      book.hold({ ...orderOf(accountId, strategyId, side, instrument), qty: lots(qty) });
    };
    const own = shares.filter(([id]) => id === instrumentId);
    for (const [, strategyId, , ownBuy, ownSell] of own) {
      hold(strategyId, 'buy', ownBuy);
      hold(strategyId, 'sell', ownSell);
    }
    const rest = (all: number, at: 3 | 4): number => own.reduce((left, share) => left - share[at], all);
    hold(OTHERS, 'buy', rest(buy, 3));
    hold(OTHERS, 'sell', rest(sell, 4));
    const nothing = { ...orderOf(accountId, OTHERS, 'sell', instrument), qty: lots(0) };
    book.hold(nothing);
  }
}

/** An order that stands for what works; free of charge. */
function orderOf(
  accountId: string,
  strategyId: string,
  side: Side,
  instrument: Instrument,
): Omit<BookedOrder, 'qty'> {
  const { instrumentId } = instrument;
  const clientOrderId = `${accountId} ${strategyId} ${instrumentId} ${side}`;
  return {
    intent: {
      intentId: clientOrderId,
      accountId,
      strategyId,
      instrumentId,
      side,
      quantity: '0',
      price: { type: 'limit', limit: '0' },
    },
    clientOrderId,
    instrument,
    accountId,
    strategyId,
    side,
    type: 'limit',
    worst: ticks(0),
    reduceOnly: false,
    isExit: false,
    postOnly: false,
    timeInForce: 'GTC',
  };
}

/** One that stands where it stood, and has nothing left to count. */
function crossingOrder(
  [clientOrderId, accountId, strategyId, side, worst]: CrossingInputs,
  instrument: Instrument,
  dayId: string,
): SavedOrder {
  const order = orderOf(accountId, strategyId, side, instrument);
  return {
    order: { ...order, clientOrderId, qty: lots(0), worst: ticks(worst) },
    state: 'working',
    leaves: lots(0),
    cumulative: lots(0),
    finalCumulative: undefined,
    amendment: undefined,
    dayId,
    executionIds: [],
  };
}

/** One lot at one tick is one unit of money, so that a price is a claim. */
const CLAIMS = defineInstrument({
  instrumentId: 'claims',
  base: 'claims',
  quote: 'claims',
  tick: '0.001',
  step: '0.001',
});

/** What working orders claim in all, without any quantity: a lot that is held for it, and given up for nothing. */
function claim(book: Book, { accountId, currency, claimed }: AccountInputs): void {
  if (claimed === 0) return;
  const instrument = { ...CLAIMS, instrumentId: OTHERS, quote: currency };
  const order = { ...orderOf(accountId, OTHERS, 'buy', instrument), qty: lots(1) };
  book.hold({ ...order, worst: ticks(claimed) });
  book.drop(order);
}

const NO_LEVELS: MarketView['bids'] = [];

const markView = (instrumentId: string, price: number, monotonicMs: number): MarketView => ({
  instrumentId,
  bids: NO_LEVELS,
  asks: NO_LEVELS,
  mark: ticks(price),
  recentVolume: lots(0),
  volumeWindowMs: 0,
  receivedMonotonicMs: monotonicMs,
  receivedMs: 0,
  problems: [],
});

function viewOf(inputs: ViewInputs, instrumentId: string): MarketView {
  const { bids, asks, mark, recentVolume, volumeWindowMs, recentSpread, recentMarks, blocking = [] } = inputs;
  const levels = (side: ViewInputs['bids']): MarketView['bids'] =>
    side.map(([price, quantity]) => ({ price: ticks(price), quantity: lots(quantity) }));
  return {
    instrumentId,
    bids: levels(bids),
    asks: levels(asks),
    mark: ticks(mark),
    recentVolume: lots(recentVolume),
    volumeWindowMs,
    ...(recentSpread && {
      recentSpread: { medianBps: recentSpread[0], samples: recentSpread[1], windowMs: recentSpread[2] },
    }),
    ...(recentMarks && {
      recentMarks: { low: ticks(recentMarks[0]), high: ticks(recentMarks[1]), windowMs: recentMarks[2] },
    }),
    receivedMonotonicMs: inputs.receivedMonotonicMs,
    receivedMs: inputs.receivedMs,
    problems: blocking.map((code) => ({ code: code as DataProblemCode, instrumentId, blocking: true })),
  };
}
