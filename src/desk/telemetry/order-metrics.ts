import type { Clock } from '../../core/clock.ts';
import { exactMoney } from '../../core/units.ts';
import type { MetricsRegistry } from '../../telemetry/index.ts';
import type { BookReader } from '../../trading/book.ts';
import type { Fill } from '../../trading/fill.ts';
import type { BookedOrder } from '../../trading/order-event.ts';
import { isOpen } from '../../trading/order-life-cycle.ts';
import type { OrderView } from '../../trading/order-view.ts';
import type { DeskEvent } from '../desk-event.ts';
import { OrderTimes } from './order-times.ts';
import {
  DENIALS,
  FEES,
  FEE_REBATES,
  FILLS,
  FILL_SLIPPAGE,
  ORDERS,
  ORDERS_OPEN,
  ORDERS_UNKNOWN,
  ORDER_DURATION,
  ORDER_OLDEST_OPEN,
  TRADE_VOLUME,
} from './order-vocabulary.ts';

type Outcome = (typeof ORDERS.labels.outcome)[number];

const TYPES = ORDERS.labels.type;

export interface OrderMetricsDeps {
  readonly metrics: MetricsRegistry;
  readonly book: BookReader;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}

/** Counts what becomes of the orders of one venue, once each, and reads which are open. */
export class OrderMetrics {
  readonly #venue: string;
  readonly #deps: OrderMetricsDeps;
  readonly #times: OrderTimes;
  readonly #orders;
  readonly #decision;
  readonly #acked;
  readonly #firstFill;
  readonly #total;
  readonly #denials;
  readonly #fills;
  readonly #slippage;
  readonly #volume;
  readonly #fees;
  readonly #rebates;
  readonly #open;
  readonly #unknown;
  readonly #oldest;

  constructor(venue: string, deps: OrderMetricsDeps) {
    const { metrics } = deps;
    this.#venue = venue;
    this.#deps = deps;
    this.#times = new OrderTimes(deps.clock);
    this.#orders = metrics.counter(ORDERS);
    this.#orders.expect({ venue });
    const durations = metrics.histogram(ORDER_DURATION);
    this.#decision = durations.bind({ venue, stage: 'gate' });
    this.#acked = durations.bind({ venue, stage: 'submit_ack' });
    this.#firstFill = durations.bind({ venue, stage: 'ack_fill' });
    this.#total = durations.bind({ venue, stage: 'total' });
    this.#denials = metrics.counter(DENIALS);
    this.#fills = metrics.counter(FILLS);
    this.#slippage = metrics.histogram(FILL_SLIPPAGE).bind({ venue });
    this.#volume = metrics.counter(TRADE_VOLUME);
    this.#fees = metrics.counter(FEES);
    this.#rebates = metrics.counter(FEE_REBATES);
    this.#open = metrics.gauge(ORDERS_OPEN);
    this.#unknown = metrics.gauge(ORDERS_UNKNOWN);
    this.#oldest = metrics.timestamp(ORDER_OLDEST_OPEN);
  }

  /** Lets the series of a currency that is traded start at 0. */
  expect(currency: string): void {
    const labels = { venue: this.#venue, currency };
    this.#volume.expect(labels);
    this.#fees.expect(labels);
    this.#rebates.expect(labels);
  }

  /** Of what is decided: one observation, and what is denied. */
  decided({ decision, denials, tookMs }: DeskEvent & { kind: 'decided' }): void {
    this.#decision.observe(tookMs / 1_000);
    if (decision !== 'denied') return;
    for (const { gate, code } of denials) this.#denials.inc({ gate, code });
  }

  happened({ event, order: row }: DeskEvent & { kind: 'order' }): void {
    const { order } = row;
    const times = this.#times.of(row);
    switch (event.type) {
      case 'accepted':
        this.#answered(row, event.atMs);
        return;
      case 'rejected':
        this.#answered(row, event.atMs, 'rejected');
        return;
      case 'filled':
        this.#filled(row, event.fill, event.atMs);
        return;
      case 'cancelled':
      case 'expired':
        this.#ended(row, event.type);
        return;
      case 'abandoned':
      case 'absent':
        this.#ended(row, 'failed');
        return;
      case 'timedOut':
        if (!times.wasUnknown) this.#count(order, 'unknown');
        times.wasUnknown = true;
        return;
      default:
    }
  }

  /** What is open now, and since when. */
  read(): void {
    const open = { limit: 0, market: 0 };
    const unknown = { limit: 0, market: 0 };
    const sinceMs = { limit: Infinity, market: Infinity };
    for (const row of this.#deps.book.liveOrders()) {
      if (!isOpen(row.state)) continue;
      const { type } = row.order;
      open[type] += 1;
      if (row.state === 'unknown') unknown[type] += 1;
      sinceMs[type] = Math.min(sinceMs[type], this.#times.of(row).decidedMs);
    }
    for (const type of TYPES) {
      const labels = { venue: this.#venue, type };
      this.#open.set(labels, open[type]);
      this.#unknown.set(labels, unknown[type]);
      this.#oldest.set(labels, Number.isFinite(sinceMs[type]) ? sinceMs[type] : 0);
    }
  }

  /** The first answer of the venue. */
  #answered(row: OrderView, atMs: number, rejected?: 'rejected'): void {
    const times = this.#times.of(row);
    if (times.ackedMs === undefined) {
      if (times.isTimed) this.#acked.observe(secondsBetween(times.decidedMs, atMs));
      times.ackedMs = atMs;
      if (rejected === undefined) this.#count(row.order, 'accepted');
    }
    if (rejected !== undefined) this.#ended(row, rejected);
  }

  #filled(row: OrderView, fill: Fill, atMs: number): void {
    const { order, state } = row;
    const times = this.#times.of(row);
    if (!times.hasFilled && times.ackedMs !== undefined)
      this.#firstFill.observe(secondsBetween(times.ackedMs, atMs));
    times.hasFilled = true;
    this.#traded(order, fill);
    if (state !== 'filled') return;
    if (!times.isOver && times.isTimed) this.#total.observe(secondsBetween(times.decidedMs, atMs));
    this.#ended(row, 'filled');
  }

  /** An order ends once, however often the venue says so. */
  #ended(row: OrderView, outcome: Outcome): void {
    const times = this.#times.of(row);
    if (times.isOver) return;
    times.isOver = true;
    this.#count(row.order, outcome);
  }

  #count({ side, type, reduceOnly, isExit }: BookedOrder, outcome: Outcome): void {
    const reduce_only = reduceOnly || isExit ? 'true' : 'false';
    this.#orders.inc({ venue: this.#venue, side, type, outcome, reduce_only });
  }

  #traded(order: BookedOrder, fill: Fill): void {
    const { instrument, side, strategyId } = order;
    const { quantity, price, fee, liquidity } = fill;
    const notional = Number(exactMoney(instrument.grid, quantity, price).toFixed());
    const venue = this.#venue;
    const symbol = instrument.instrumentId;
    this.#deps.metrics.recordTrade({ symbol, side, strategy: strategyId, status: 'filled', notional });
    this.#fills.inc({ liquidity });
    this.#volume.inc({ venue, currency: instrument.quote }, notional);
    const paid = Number(fee.amount.toFixed());
    if (paid >= 0) this.#fees.inc({ venue, currency: fee.currency }, paid);
    else this.#rebates.inc({ venue, currency: fee.currency }, -paid);
    const markTicks = this.#times.markOf(order);
    if (markTicks === undefined) return;
    const mark = Number(instrument.grid.tick.value.toFixed()) * markTicks;
    const worse = side === 'buy' ? Number(price.toFixed()) - mark : mark - Number(price.toFixed());
    this.#slippage.observe(Math.max(0, worse / mark));
  }
}

/** A wall clock may have been set back in between. */
const secondsBetween = (fromMs: number, toMs: number): number => Math.max(0, toMs - fromMs) / 1_000;
