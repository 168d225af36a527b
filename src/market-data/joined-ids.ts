import type { BookSnapshot, MarketEvent, PublicTrade } from '../trading/market-event.ts';

/**
 * Events of one source after another as one sequence, whose ids never go back: after a change of source it begins with the
 * whole book of the new one, and each of its ids is moved by the same distance. What that book covers already is left out.
 */
export class JoinedIds {
  readonly #sharedTradeIds: boolean;
  #lastId = -Infinity;
  #lastTradeId = -Infinity;
  #shift = 0;
  #tradeShift: number | undefined = 0;
  /** The id of the new source, as its own, up to which the book that was handed over is complete. */
  #coveredId = -Infinity;

  /** @param sharedTradeIds whether the sources number trades alike, as connections to one venue do; then none comes twice */
  constructor(sharedTradeIds: boolean) {
    this.#sharedTradeIds = sharedTradeIds;
  }

  /** Goes on with another source. */
  begin(book: BookSnapshot): BookSnapshot {
    this.#shift = this.#lastId === -Infinity ? 0 : this.#lastId + 1 - book.updateId;
    this.#coveredId = book.updateId;
    this.#tradeShift = this.#sharedTradeIds ? 0 : undefined;
    const updateId = book.updateId + this.#shift;
    this.#saw(updateId);
    return { ...book, updateId };
  }

  /** @returns `undefined` for what has been told already */
  pass(event: MarketEvent): MarketEvent | undefined {
    if (event.type === 'trade') return this.#trade(event);
    // A book as of the same id may be the answer to a change after it that could not be read.
    const isCovered =
      event.updateId === this.#coveredId ? event.type !== 'snapshot' : event.updateId < this.#coveredId;
    if (isCovered) return undefined;
    const shift = this.#shift;
    const updateId = event.updateId + shift;
    this.#saw(updateId);
    if (shift === 0) return event;
    return event.type === 'diff'
      ? { ...event, updateId, firstUpdateId: event.firstUpdateId + shift }
      : { ...event, updateId };
  }

  #trade(event: PublicTrade): PublicTrade | undefined {
    if (this.#sharedTradeIds && event.tradeId <= this.#lastTradeId) return undefined;
    this.#tradeShift ??= this.#lastTradeId === -Infinity ? 0 : this.#lastTradeId + 1 - event.tradeId;
    const tradeId = event.tradeId + this.#tradeShift;
    if (Number.isSafeInteger(tradeId) && tradeId > this.#lastTradeId) this.#lastTradeId = tradeId;
    return this.#tradeShift === 0 ? event : { ...event, tradeId };
  }

  #saw(id: number): void {
    if (Number.isSafeInteger(id) && id > this.#lastId) this.#lastId = id;
  }
}
