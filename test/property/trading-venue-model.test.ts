import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { lots } from '../../src/core/index.ts';
import { Book, type OrderEvent, type Side, isOpen } from '../../src/trading/index.ts';
import { GOLD, ONE, SILVER, amendmentOf, bookedOf, eventOf, fillOf, markOf } from '../trading/builders.ts';
import { runs } from '../support/runs.ts';

/**
 * A venue of its own: it knows what it was sent and what it did, and never looks at what we hold. Its reports may be
 * late, out of order and repeated; they are never untrue.
 */
class HonestVenue {
  readonly orders: VenueOrder[] = [];
  #executions = 0;

  add(id: string, side: Side, qty: number, instrumentId: string): VenueOrder {
    const order: VenueOrder = {
      id,
      side,
      qty,
      instrumentId,
      known: qty,
      most: qty,
      asked: undefined,
      decided: undefined,
      fate: 'in flight',
      filled: 0,
      told: 0,
      outbox: [],
      sent: [],
    };
    this.orders.push(order);
    return order;
  }

  accept(order: VenueOrder): void {
    if (order.fate !== 'in flight') return;
    order.fate = 'live';
    order.outbox.push(eventOf('accepted', order.id));
  }

  reject(order: VenueOrder): void {
    if (order.fate !== 'in flight') return;
    order.fate = 'over';
    order.outbox.push(eventOf('rejected', order.id));
  }

  lose(order: VenueOrder): void {
    if (order.fate === 'in flight') order.fate = 'never came';
  }

  execute(order: VenueOrder, wanted: number): void {
    const quantity = Math.min(wanted, order.qty - order.filled);
    if (order.fate !== 'live' || quantity === 0) return;
    order.filled += quantity;
    if (order.filled === order.qty) order.fate = 'over';
    this.#executions += 1;
    order.outbox.push(
      eventOf('filled', order.id, { fill: fillOf(`x${String(this.#executions)}`, quantity) }),
    );
  }

  end(order: VenueOrder, type: 'cancelled' | 'expired', says: boolean): void {
    if (order.fate !== 'live') return;
    order.fate = 'over';
    order.outbox.push(eventOf(type, order.id, says ? { cumulative: order.filled } : {}));
  }

  /** A request to change the order comes in; it is decided some time later. */
  ask(order: VenueOrder, qty: number): void {
    order.asked = qty;
    order.decided = undefined;
  }

  /** Decides about the change: it is in force from here on, or never. What has been filled cannot be taken back. */
  decide(order: VenueOrder, willing: boolean): void {
    const { asked } = order;
    if (asked === undefined || order.decided !== undefined) return;
    const granted = willing && order.fate === 'live' && asked >= order.filled;
    if (granted) order.qty = asked;
    if (granted && order.filled === asked) order.fate = 'over';
    order.decided = granted
      ? eventOf('amended', order.id, { to: amendmentOf(asked) })
      : eventOf('amendFailed', order.id);
    order.outbox.push(order.decided);
  }

  /** What it answers when asked. A lookup is told at once. */
  lookup(order: VenueOrder): OrderEvent | undefined {
    if (order.fate === 'live') return eventOf('accepted', order.id);
    if (
      order.fate === 'over' &&
      order.filled < order.qty &&
      order.outbox.every(({ type }) => type !== 'rejected')
    )
      return eventOf('cancelled', order.id, { cumulative: order.filled });
    return undefined;
  }
}

interface VenueOrder {
  readonly id: string;
  readonly side: Side;
  readonly instrumentId: string;
  /** What may fill in all, at the venue. */
  qty: number;
  /** The same, as far as we have been told. */
  known: number;
  /** The most that we have to reckon with while the order is open for us. */
  most: number;
  /** The change that we asked for and have not been answered about. */
  asked: number | undefined;
  /** The venue's answer to it. */
  decided: OrderEvent | undefined;
  fate: 'in flight' | 'live' | 'over' | 'never came';
  filled: number;
  /** Of the filled: what has been reported to us. */
  told: number;
  readonly outbox: OrderEvent[];
  readonly sent: OrderEvent[];
}

const pick = fc.nat({ max: 999 });
const step = fc.oneof(
  fc.record({
    do: fc.constant('place' as const),
    pick,
    side: fc.constantFrom<Side>('buy', 'sell'),
    qty: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ do: fc.constant('execute' as const), pick, qty: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ do: fc.constant('amend' as const), pick, qty: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ do: fc.constant('decide' as const), pick, willing: fc.constantFrom(true, true, false) }),
  fc.record({ do: fc.constantFrom('cancelled' as const, 'expired' as const), pick, says: fc.boolean() }),
  fc.record({
    do: fc.constantFrom(
      'accept' as const,
      'accept' as const,
      'reject' as const,
      'lose' as const,
      'abandon' as const,
      'lookup' as const,
      'absent' as const,
      'timedOut' as const,
      'cancelRequested' as const,
      'cancelFailed' as const,
    ),
    pick,
  }),
  fc.record({
    do: fc.constantFrom('deliver' as const, 'deliver' as const, 'repeat' as const),
    pick,
    which: pick,
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class History {
  readonly book = new Book();
  readonly venue = new HonestVenue();
  readonly #abandoned = new Set<string>();
  #placed = 0;

  constructor() {
    this.book.openAccount('acc', 'USDT', '1000000');
    this.book.mark(markOf(100));
    this.book.mark(markOf(100, 'SILVER'));
  }

  run(change: Step): void {
    if (change.do === 'place') {
      const id = `o${String((this.#placed += 1))}`;
      const instrument = change.pick % 2 === 0 ? GOLD : SILVER;
      const order = bookedOf(id, change.side, change.qty, { instrument });
      this.book.hold(order);
      this.book.keep(order);
      this.venue.add(id, change.side, change.qty, instrument.instrumentId);
      return;
    }
    const order = this.venue.orders[change.pick % this.venue.orders.length];
    if (order === undefined) return;
    switch (change.do) {
      case 'amend': {
        if (this.book.order(order.id)?.state !== 'working' || order.asked !== undefined) return;
        this.venue.ask(order, change.qty);
        const to = amendmentOf(change.qty);
        expect(this.book.apply(eventOf('amendRequested', order.id, { to }))).toBe('applied');
        this.#reckon(order);
        return;
      }
      case 'decide':
        this.venue.decide(order, change.willing);
        return;
      case 'execute':
        this.venue.execute(order, change.qty);
        return;
      case 'cancelled':
      case 'expired':
        this.venue.end(order, change.do, change.says);
        return;
      case 'accept':
      case 'reject':
      case 'lose':
        if (!this.#abandoned.has(order.id)) this.venue[change.do](order);
        return;
      case 'abandon': // never sent at all
        if (order.fate !== 'in flight' || this.#abandoned.has(order.id)) return;
        if (!['submitting', 'cancelPending'].includes(this.book.order(order.id)?.state ?? '')) return;
        this.#abandoned.add(order.id);
        this.#tell(order, eventOf('abandoned', order.id));
        order.fate = 'never came';
        return;
      case 'deliver': {
        const [report] = order.outbox.splice(change.which % Math.max(1, order.outbox.length), 1);
        if (report !== undefined) this.#tell(order, report);
        return;
      }
      case 'repeat': {
        const report = order.sent[change.which % Math.max(1, order.sent.length)];
        if (report?.type === 'filled') expect(this.book.apply(report)).toBe('duplicate');
        if (report?.type === 'amended' && report.qty === order.known)
          expect(this.book.apply(report)).toBe('applied');
        return;
      }
      case 'lookup': {
        const answer = this.venue.lookup(order);
        if (answer === undefined || !this.#waits(order)) return;
        this.#tell(order, answer);
        this.#learnTerms(order);
        return;
      }
      case 'absent':
        if (order.fate === 'never came' && this.book.order(order.id)?.state === 'unknown')
          this.#tell(order, eventOf('absent', order.id));
        return;
      default: // what the desk itself notes
        if (this.#waits(order) && !this.#abandoned.has(order.id)) this.#note(order, change.do);
    }
  }

  /** Everything is told, and what has no end gets one. */
  settle(): void {
    for (const order of this.venue.orders) {
      this.venue.end(order, 'cancelled', true);
      this.venue.decide(order, false);
      for (const report of order.outbox.splice(0)) this.#tell(order, report);
      if (order.fate === 'in flight') order.fate = 'never came';
      if (order.fate === 'never came' && this.#waits(order)) {
        this.book.apply(eventOf('timedOut', order.id));
        this.book.apply(eventOf('absent', order.id));
      }
      const last = this.venue.lookup(order);
      if (last !== undefined) this.book.apply(last);
    }
  }

  check(): void {
    for (const order of this.venue.orders) {
      const row = this.book.order(order.id);
      if (row === undefined) throw new Error('an order is lost');
      expect(row.cumulative, 'booked is not what the venue reported').toBe(order.told);
      const undecided = order.decided === undefined ? order.asked : undefined;
      const open = order.fate === 'live' || order.fate === 'in flight';
      const mayFill = open ? Math.max(order.qty, undecided ?? 0) : order.filled;
      expect(row.leaves, 'hold smaller than what may still fill').toBeGreaterThanOrEqual(
        mayFill - order.told,
      );
      expect(row.leaves, 'hold larger than the order').toBeLessThanOrEqual(order.most - order.told);
    }
    for (const instrumentId of ['GOLD', 'SILVER']) {
      const own = this.venue.orders.filter((order) => order.instrumentId === instrumentId);
      const bought = (side: Side) =>
        own.reduce((sum, order) => sum + (order.side === side ? order.told : 0), 0);
      expect(this.book.cell('acc', instrumentId)?.pos ?? 0).toBe(bought('buy') - bought('sell'));
    }
  }

  #waits(order: VenueOrder): boolean {
    const state = this.book.order(order.id)?.state;
    return state !== undefined && isOpen(state);
  }

  #note(order: VenueOrder, type: 'timedOut' | 'cancelRequested' | 'cancelFailed'): void {
    if (type === 'cancelFailed' && this.book.order(order.id)?.state === 'submitting') return;
    expect(this.book.apply(eventOf(type, order.id))).toBe('applied');
  }

  #tell(order: VenueOrder, report: OrderEvent): void {
    if (report.type === 'filled') order.told += report.fill.quantity;
    order.sent.push(report);
    if (report.type === 'amended') order.known = report.qty;
    if (report === order.decided) order.asked = order.decided = undefined;
    expect(this.book.apply(report), `an honest ${report.type} is no anomaly`).toBe('applied');
    this.#reckon(order);
  }

  /** A lookup also says what the order is now: that answers a change that has been decided. */
  #learnTerms(order: VenueOrder): void {
    const { decided, outbox } = order;
    if (decided === undefined) return;
    const at = outbox.indexOf(decided);
    if (at !== -1) outbox.splice(at, 1);
    this.#tell(order, decided);
  }

  /** While the order is open for us, the larger of what it is and what it may become. */
  #reckon(order: VenueOrder): void {
    if (this.#waits(order)) order.most = Math.max(order.known, order.asked ?? 0);
  }
}

describe('the Book against a venue that does not know it', () => {
  test.prop([fc.array(step, { maxLength: 80, size: 'max' })], runs(1_500))(
    'books what the venue filled, holds what may still fill, and takes no honest report for an anomaly',
    (steps) => {
      const history = new History();
      for (const change of steps) {
        history.run(change);
        history.check();
      }
    },
  );

  test.prop([fc.array(step, { maxLength: 80, size: 'max' })], { numRuns: 1_500 })(
    'holds nothing in the end: no order leaks',
    (steps) => {
      const history = new History();
      for (const change of steps) history.run(change);
      history.settle();
      history.check();
      const { book } = history;
      expect([...book.orders()].filter(({ leaves, state }) => leaves !== 0 || isOpen(state))).toEqual([]);
      const account = book.account('acc');
      let gross = 0;
      for (const { pos, buy, sell } of account?.cells() ?? []) {
        expect([buy, sell]).toEqual([0, 0]);
        gross += Math.abs(pos) * 100 * ONE;
      }
      expect([account?.gross, lots(0)]).toEqual([gross, 0]);
    },
  );
});
