import type { MarketEvent } from '../trading/market-event.ts';

/**
 * What a feed delivers of one book, as a {@link VerifiedBook} takes it. Changes come in order, but the first after a
 * reconnect may reach back over what has been told: as quantities are those after the change, it then counts from there on.
 * Where the venue counts anew, all ids are moved over those before, with a hole between, so that the book waits for the
 * snapshot that the feed fetches.
 */
export class DiffChain {
  #lastDiffId = -Infinity;
  #highestId = -Infinity;
  #shift = 0;

  next(event: MarketEvent): MarketEvent {
    if (event.type === 'trade') return event;
    if (event.type === 'diff' && event.updateId + this.#shift <= this.#lastDiffId) {
      this.#shift = this.#highestId + 2 - event.firstUpdateId;
    }
    const updateId = event.updateId + this.#shift;
    this.#highestId = Math.max(this.#highestId, updateId);
    if (event.type !== 'diff') return this.#shift === 0 ? event : { ...event, updateId };
    const firstUpdateId = Math.max(event.firstUpdateId + this.#shift, this.#lastDiffId + 1);
    this.#lastDiffId = updateId;
    return firstUpdateId === event.firstUpdateId ? event : { ...event, firstUpdateId, updateId };
  }
}
