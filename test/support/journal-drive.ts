import { type DecimalInput, TradingDay, decimal, lots, ticks, units } from '../../src/core/index.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { Journal, type JournalDeps, type JournalTenure, type OrderArchive } from '../../src/desk/index.ts';
import type { AppendLog, SnapshotStore } from '../../src/storage/index.ts';
import {
  Book,
  type HeldOrder,
  type Instrument,
  type OrderEvent,
  type SavedBook,
  type SavedOrder,
  defineInstrument,
} from '../../src/trading/index.ts';
import { externalOrder } from '../../src/desk/journal/journal-order.ts';
import { NOON_MS, view } from './desk-world.ts';

/** A grid on which a lot and a tick are not 1, so that texts and counts differ. */
export const BTC = defineInstrument({
  instrumentId: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  tick: '0.5',
  step: '0.001',
});
export const ETH = defineInstrument({
  instrumentId: 'ETH-USD',
  base: 'ETH',
  quote: 'USD',
  tick: '0.01',
  step: '0.01',
});
export const INSTRUMENTS: readonly Instrument[] = [BTC, ETH];
const BY = { by: { kind: 'person', id: 'ada' }, reason: 'a transfer' } as const;

const ACCOUNTS = ['acc', 'other'].map((accountId) => ({ accountId, currency: 'USD', balance: '1000' }));

export interface DriveOptions {
  readonly snapshots?: SnapshotStore;
  readonly archive?: OrderArchive;
  readonly instruments?: readonly Instrument[];
  readonly checkpointEvery?: number;
  readonly clock?: ManualClock;
  readonly tenure?: JournalTenure;
}

export interface OrderWish {
  readonly accountId?: string;
  readonly instrument?: Instrument;
  readonly side?: 'buy' | 'sell';
  readonly qty?: number;
}

/** A Book and its journal, driven as a desk does it: both in one step, and nothing written that changed nothing. */
export class JournalDrive {
  readonly clock: ManualClock;
  readonly book: Book;
  readonly journal: Journal;

  private constructor(clock: ManualClock, book: Book, journal: Journal) {
    this.clock = clock;
    this.book = book;
    this.journal = journal;
  }

  static async open(log: AppendLog, options: DriveOptions = {}): Promise<JournalDrive> {
    const { clock = new ManualClock(NOON_MS), instruments = INSTRUMENTS, snapshots, archive } = options;
    const { checkpointEvery, tenure } = options;
    const book = new Book();
    const deps: JournalDeps = {
      log,
      book,
      instruments,
      clock,
      tradingDay: new TradingDay(),
      ...(snapshots && { snapshots }),
      ...(archive && { archive }),
      ...(tenure && { tenure }),
    };
    const journal = await Journal.open(
      {
        input: { seed: 1 },
        accounts: ACCOUNTS,
        ...(checkpointEvery !== undefined && { checkpointEvery }),
      },
      deps,
    );
    return new JournalDrive(clock, book, journal);
  }

  submit(
    clientOrderId: string,
    { accountId = 'acc', instrument = BTC, side = 'buy', qty = 10 }: OrderWish = {},
  ): Promise<unknown> {
    const order: HeldOrder = {
      intent: {
        intentId: `i-${clientOrderId}`,
        accountId,
        strategyId: 's',
        instrumentId: instrument.instrumentId,
        side,
        quantity: instrument.grid.step.value.times(String(qty)).toFixed(),
        price: { type: 'limit', limit: '100' },
      },
      clientOrderId,
      instrument,
      accountId,
      strategyId: 's',
      side,
      type: 'limit',
      qty: lots(qty),
      worst: ticks(200),
      reduceOnly: false,
      isExit: side === 'sell',
      postOnly: side === 'buy',
      timeInForce: 'GTC',
      view: view(100),
      decidedMonotonicMs: 0,
    };
    this.book.hold(order);
    this.book.keep(order);
    const { dayOpen = units(NaN), highWater = units(NaN) } = this.book.account(accountId) ?? {};
    return this.journal.submitting(order, { limitsHash: 'h', dayOpen, highWater });
  }

  event(event: DistributiveOmit<OrderEvent, 'atMs'>): Promise<unknown> {
    const told = { ...event, atMs: this.clock.nowMs() } as OrderEvent;
    const order = this.book.order(event.clientOrderId)?.order;
    const applied = this.book.apply(told);
    const ignored = told.type === 'filled' ? 'FILL_INVALID' : 'ILLEGAL_TRANSITION';
    const changed = typeof applied === 'string' ? applied === 'applied' : applied.anomaly !== ignored;
    return changed && order !== undefined ? this.journal.event(told, order.instrument) : Promise.resolve();
  }

  fill(clientOrderId: string, executionId: string, quantity: number, price = '100.25'): Promise<unknown> {
    const fee = { amount: decimal('0.0012'), currency: 'USD' };
    const fill = {
      executionId,
      quantity: lots(quantity),
      price: decimal(price),
      fee,
      liquidity: 'maker',
    } as const;
    return this.event({ type: 'filled', clientOrderId, fill });
  }

  external(executionId: string, quantity: string, instrument = BTC): Promise<unknown> {
    const asked = { accountId: 'acc', side: 'buy', executionId, quantity, price: '99.75' } as const;
    const order = externalOrder(asked, instrument);
    const fee = { amount: decimal('0'), currency: 'USD' };
    const fill = {
      executionId,
      quantity: order.qty,
      price: decimal('99.75'),
      fee,
      liquidity: 'taker',
    } as const;
    const atMs = this.clock.nowMs();
    if (this.book.external(order, fill, atMs) === 'duplicate') return Promise.resolve();
    return this.journal.external(order, fill, atMs);
  }

  adjust(adjustmentId: string, qty: number, cash: DecimalInput): Promise<unknown> {
    const adjustment = {
      adjustmentId,
      accountId: 'acc',
      position: { instrument: ETH, qty: lots(qty), price: decimal('7.125') },
      cash: decimal(cash),
    };
    if (this.book.adjust(adjustment) === 'duplicate') return Promise.resolve();
    return this.journal.adjusted(adjustment, BY);
  }

  /** The trading day ends. */
  nextDay(): Promise<unknown> {
    this.clock.advance(86_400_000);
    const nowMs = this.clock.nowMs();
    const day = this.book.planRoll(new TradingDay().dayOf(nowMs), nowMs);
    this.book.roll(day);
    return this.journal.rolled(day);
  }

  revive(saved: SavedOrder): Promise<unknown> {
    this.book.revive(saved);
    return this.journal.revived(saved);
  }

  get state() {
    return stateOf(this.book.snapshot());
  }
}

type DistributiveOmit<T, K extends keyof T> = T extends unknown ? Omit<T, K> : never;

/** All of a Book, as plain values that can be compared and written down. */
function stateOf({ orders, ...saved }: SavedBook): unknown {
  const plain = { ...saved, orders: [...orders] };
  const text = JSON.stringify(plain, (key, value: unknown) => {
    if (key === 'instrument') return (value as Instrument).instrumentId;
    if (key === 'view' || key === 'decidedMonotonicMs') return undefined; // what it was decided on is not kept
    return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  });
  return JSON.parse(text);
}
