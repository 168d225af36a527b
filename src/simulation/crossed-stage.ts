import { add, ticks } from '../core/units.ts';
import type { Ticks } from '../core/units.ts';
import type { BookDiff, BookSnapshot, MarketEvent } from '../trading/market-event.ts';
import type { Level } from '../trading/market-view.ts';
import { BookMirror } from './book-mirror.ts';
import type { WindowCursor } from './disturbance-windows.ts';
import type { FeedStage } from './feed-stage.ts';

/** A bid that should not be there stands above the best ask, and follows it. */
export class CrossedStage implements FeedStage {
  readonly #windows: WindowCursor<'crossed'>;
  readonly #mirror = new BookMirror();
  /** Where the false bid was last told to stand. */
  #falsePrice: Ticks | undefined;

  constructor(windows: WindowCursor<'crossed'>) {
    this.#windows = windows;
  }

  take(event: MarketEvent): readonly MarketEvent[] {
    this.#mirror.apply(event);
    const byTicks = this.#windows.at(event.receivedMs)?.disturbance.byTicks;
    if (event.type === 'diff' || event.type === 'snapshot') return [this.#book(event, byTicks)];
    if (event.type !== 'quote' || byTicks === undefined) return [event];
    const { bid, ask } = event;
    return [{ ...event, bid: { price: add(ask.price, ticks(byTicks)), quantity: bid.quantity } }];
  }

  #book(event: BookDiff | BookSnapshot, byTicks: number | undefined): MarketEvent {
    const { bids, asks } = this.#mirror.book;
    const before = event.type === 'snapshot' ? undefined : this.#falsePrice;
    const [bid, ask] = [bids.best, asks.best];
    const crossing = byTicks === undefined || bid === undefined || ask === undefined ? undefined : byTicks;
    const added: Level[] = [];
    this.#falsePrice = undefined;
    if (crossing !== undefined && bid !== undefined && ask !== undefined) {
      const price = add(ask.price, ticks(crossing));
      added.push({ price, quantity: bid.quantity });
      this.#falsePrice = price;
    }
    if (before !== undefined && before !== this.#falsePrice)
      added.push({ price: before, quantity: bids.quantityAt(before) });
    if (added.length === 0) return event;
    const told = new Set(added.map(({ price }) => price));
    return { ...event, bids: [...added, ...event.bids.filter(({ price }) => !told.has(price))] };
  }
}
