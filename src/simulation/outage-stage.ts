import type { MarketEvent } from '../trading/market-event.ts';
import { BookMirror } from './book-mirror.ts';
import type { WindowCursor } from './disturbance-windows.ts';
import type { FeedStage } from './feed-stage.ts';

type Loss =
  | { readonly kind: 'none' }
  /** Changes of the book are lost, and nobody can tell yet. */
  | { readonly kind: 'unseen'; readonly repairMs: number }
  /** A change has come that does not follow. */
  | { readonly kind: 'seen'; readonly repairMs: number };

/** Silence; then the feed goes on where the venue is now, and a snapshot repairs the book. */
export class OutageStage implements FeedStage {
  readonly #windows: WindowCursor<'outage'>;
  readonly #mirror = new BookMirror();
  #loss: Loss = { kind: 'none' };

  constructor(windows: WindowCursor<'outage'>) {
    this.#windows = windows;
  }

  take(event: MarketEvent): readonly MarketEvent[] {
    this.#mirror.apply(event);
    const window = this.#windows.at(event.receivedMs);
    if (window !== undefined) {
      const repairMs = window.toMs + window.disturbance.resyncMs;
      if (event.type === 'diff' || event.type === 'snapshot') this.#loss = { kind: 'unseen', repairMs };
      return [];
    }
    if (event.type === 'snapshot') this.#loss = { kind: 'none' };
    if (event.type !== 'diff' || this.#loss.kind === 'none') return [event];
    if (this.#loss.kind === 'unseen') {
      this.#loss = { kind: 'seen', repairMs: this.#loss.repairMs };
      return [event];
    }
    if (event.receivedMs < this.#loss.repairMs) return [event];
    this.#loss = { kind: 'none' };
    return [event, this.#mirror.snapshot(event)];
  }
}
