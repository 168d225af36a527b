import type { BookDiff, MarketEvent } from '../trading/market-event.ts';
import type { Level } from '../trading/market-view.ts';
import { lots } from '../core/units.ts';
import { BookMirror, type MirroredLevels } from './book-mirror.ts';
import type { WindowCursor } from './disturbance-windows.ts';
import type { FeedStage } from './feed-stage.ts';

const NONE = lots(0);

/** Book changes and quotes repeat the best prices of the moment at which it began; after it, one change tells all that moved. */
export class StuckStage implements FeedStage {
  readonly #windows: WindowCursor<'stuck'>;
  readonly #mirror = new BookMirror();
  #frozen: MirroredLevels | undefined;

  constructor(windows: WindowCursor<'stuck'>) {
    this.#windows = windows;
  }

  take(event: MarketEvent): readonly MarketEvent[] {
    const stuck = this.#windows.at(event.receivedMs) !== undefined;
    if (stuck && this.#frozen === undefined && this.#mirror.known) this.#frozen = this.#mirror.levels();
    this.#mirror.apply(event);
    const frozen = this.#frozen;
    if (event.type === 'snapshot') this.#frozen = undefined;
    if (frozen === undefined) return [event];
    const [bid] = frozen.bids;
    const [ask] = frozen.asks;
    if (event.type === 'diff') return [stuck ? repeated(event, bid, ask) : this.#released(event, frozen)];
    if (event.type !== 'quote' || !stuck || bid === undefined || ask === undefined) return [event];
    return [{ ...event, bid, ask }];
  }

  #released(event: BookDiff, { bids, asks }: MirroredLevels): BookDiff {
    this.#frozen = undefined;
    const now = this.#mirror.levels();
    return { ...event, bids: changes(bids, now.bids), asks: changes(asks, now.asks) };
  }
}

const repeated = (event: BookDiff, bid: Level | undefined, ask: Level | undefined): BookDiff => ({
  ...event,
  bids: bid === undefined ? [] : [bid],
  asks: ask === undefined ? [] : [ask],
});

/** What makes the levels of before into those of now. */
function changes(before: readonly Level[], now: readonly Level[]): Level[] {
  const old = new Map(before.map(({ price, quantity }) => [price, quantity]));
  const changed = now.filter(({ price, quantity }) => old.get(price) !== quantity);
  for (const { price } of now) old.delete(price);
  return [...changed, ...Array.from(old.keys(), (price) => ({ price, quantity: NONE }))];
}
