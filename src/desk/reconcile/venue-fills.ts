import type { Clock } from '../../core/clock.ts';
import { decimal } from '../../core/decimal.ts';
import { toGrid } from '../../core/increment.ts';
import { messageOf } from '../../core/message-of.ts';
import type { BookReader } from '../../trading/book.ts';
import type { OrderEvent } from '../../trading/order-event.ts';
import type { Difference } from './difference.ts';
import { externalOrder } from '../journal/journal-order.ts';
import type { VenueFill } from '../venue/venue-driver.ts';
import type { VenueQuestions } from '../venue/venue-questions.ts';
import { readReport } from '../venue/venue-report.ts';
import type { Instrument } from '../../trading/instrument.ts';

/** What booking the venue's fills needs of its desk. */
export interface FillsDesk {
  readonly book: BookReader;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** How far back fills are asked for again, so that one that the venue listed late is not missed. */
  readonly fillsOverlapMs: number;
  record(event: OrderEvent): Promise<boolean>;
  /** Books it at once; `undefined` when it is booked already. */
  recordExternal(fill: VenueFill, instrument: Instrument): Promise<boolean> | undefined;
  /** Brings an order back that is not in memory any more; `false` when there never was one, `undefined` when there is none to ask. */
  revive(clientOrderId: string): Promise<boolean> | undefined;
}

/** What is known of the fills before the first question. Times are wall times. */
export interface FillsPast {
  /** Fills of others before it are in the opening balance. */
  readonly fromMs: number;
  /** Up to here fills have been read before. */
  readonly newestMs: number;
  /** No fill of ours is older, however wrong the clock of the venue. */
  readonly allFromMs: number;
}

/** How often all fills are asked for, at most: there may be many. */
const ALL_AGAIN_MS = 300_000;

/** The venue's list of fills, as far as it has been read: what is new in it is booked. */
export class VenueFills {
  readonly #desk: FillsDesk;
  readonly #questions: Pick<VenueQuestions, 'fills'>;
  readonly #past: FillsPast;
  #newestMs: number;
  /** When all were asked for, by the monotonic clock. */
  #allAtMs = -Infinity;
  readonly #writing: Promise<unknown>[] = [];

  constructor(desk: FillsDesk, questions: Pick<VenueQuestions, 'fills'>, past: FillsPast) {
    this.#desk = desk;
    this.#questions = questions;
    this.#past = past;
    this.#newestMs = past.newestMs;
  }

  /**
   * Books what is new.
   *
   * @param found what was new is added here
   * @returns why it could not be done; `undefined` when it was
   */
  catchUp(found: Difference[]): Promise<string | undefined> {
    const { fromMs } = this.#past;
    return this.#book(Math.max(fromMs, this.#newestMs) - this.#desk.fillsOverlapMs, found);
  }

  /**
   * As `catchUp`, over all there ever were: what was read up to a time need not have held all before it. At most once in
   * a while; in between it does nothing.
   */
  async catchUpAll(found: Difference[]): Promise<string | undefined> {
    const nowMs = this.#desk.clock.monotonicMs();
    if (nowMs - this.#allAtMs < ALL_AGAIN_MS) return undefined;
    const silent = await this.#book(this.#past.allFromMs, found);
    if (silent === undefined) this.#allAtMs = nowMs;
    return silent;
  }

  async #book(sinceMs: number, found: Difference[]): Promise<string | undefined> {
    const answer = await this.#questions.fills(sinceMs);
    if (answer.kind === 'none') return answer.reason;
    try {
      for (const fill of answer.value) {
        const difference = await this.#take(fill);
        if (difference !== undefined) found.push(difference);
        // A time that is yet to come may be a mistake, and would hide everything before it.
        this.#newestMs = Math.max(this.#newestMs, Math.min(fill.atMs, this.#desk.clock.nowMs()));
      }
    } catch (error) {
      return messageOf(error); // the archive cannot be read
    }
    await Promise.all(this.#writing.splice(0));
    return undefined;
  }

  async #take(fill: VenueFill): Promise<Difference | undefined> {
    const { book, clock, instruments } = this.#desk;
    const { clientOrderId, accountId, instrumentId, executionId } = fill;
    if (book.account(accountId) === undefined) return undefined; // somebody else's
    const about = { accountId, instrumentId, ...(clientOrderId !== undefined && { clientOrderId }) };
    const instrument = instruments.get(instrumentId);
    if (instrument === undefined) {
      return { code: 'INSTRUMENT_FOREIGN', settled: false, detail: `execution ${executionId}`, ...about };
    }
    if (clientOrderId !== undefined && (await this.#isOurs(clientOrderId))) {
      const wrong = this.#contradiction(fill, clientOrderId);
      if (wrong !== undefined) return { code: 'FILL_MISSED', settled: false, detail: wrong, ...about };
      const event = readReport({ type: 'filled', ...fill, clientOrderId }, instrument, clock.nowMs());
      if (typeof event === 'string') return { code: 'FILL_MISSED', settled: false, detail: event, ...about };
      const before = book.order(clientOrderId)?.cumulative;
      this.#writing.push(this.#desk.record(event)); // counted at once
      if (book.order(clientOrderId)?.cumulative === before) return undefined;
      return { code: 'FILL_MISSED', settled: true, detail: `execution ${executionId}`, ...about };
    }
    if (!(fill.atMs >= this.#past.fromMs)) return undefined;
    const unsound = unsoundness(fill, instrument);
    if (unsound !== undefined) {
      const detail = `execution ${executionId}: ${unsound}`;
      return { code: 'FILL_EXTERNAL', settled: false, detail, ...about };
    }
    // Booked days ago, it is in the archive.
    await this.#isOurs(externalOrder(fill, instrument).clientOrderId);
    const written = this.#desk.recordExternal(fill, instrument);
    if (written === undefined) return undefined;
    this.#writing.push(written);
    return { code: 'FILL_EXTERNAL', settled: true, detail: `execution ${executionId}`, ...about };
  }

  /** What the fill says of an order of ours that the order is not. */
  #contradiction({ executionId, ...fill }: VenueFill, clientOrderId: string): string | undefined {
    const order = this.#desk.book.order(clientOrderId)?.order;
    if (order === undefined) return undefined;
    const { side, accountId, instrument } = order;
    const isSame =
      fill.side === side && fill.accountId === accountId && fill.instrumentId === instrument.instrumentId;
    if (isSame) return undefined;
    const told = `${fill.side} ${fill.instrumentId} of account ${fill.accountId}`;
    return `execution ${executionId}: ${told}, the order is ${side} ${instrument.instrumentId} of account ${accountId}`;
  }

  async #isOurs(clientOrderId: string): Promise<boolean> {
    return (
      this.#desk.book.order(clientOrderId) !== undefined || (await this.#desk.revive(clientOrderId)) === true
    );
  }
}

/** Why nothing can be booked for it; `undefined` when it can. */
function unsoundness({ quantity, price }: VenueFill, { grid }: Instrument): string | undefined {
  if (!(toGrid(quantity, grid.step, 'exact') > 0))
    return `quantity: expected a multiple of the step, got ${quantity}`;
  if (!decimal(price).gt('0')) return `price: expected above 0, got ${price}`;
  return undefined;
}
