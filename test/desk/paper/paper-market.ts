import { ManualClock } from '../../../src/core/manual-clock.ts';
import { lots, ticks } from '../../../src/core/units.ts';
import { PaperVenue, type PaperVenueOptions } from '../../../src/desk/paper/paper-venue.ts';
import type { VenueEvent, VenueOrder } from '../../../src/desk/venue/venue-driver.ts';
import { type MarketEvent, type Side, defineInstrument } from '../../../src/trading/index.ts';

export const START_MS = 1_000_000;

const define = (instrumentId: string): ReturnType<typeof defineInstrument> =>
  defineInstrument({ instrumentId, base: 'ABC', quote: 'USD', tick: '0.5', step: '0.1' });

export const instruments = [define('ABC-USD'), define('XYZ-USD')];

export const snapshot = (instrumentId = 'ABC-USD'): MarketEvent => ({
  type: 'snapshot',
  instrumentId,
  receivedMs: 0,
  updateId: 1,
  bids: [{ price: ticks(199), quantity: lots(20) }], // 99.5 x 2
  asks: [{ price: ticks(201), quantity: lots(20) }], // 100.5 x 2
});

export const trade = (aggressor: Side, price: number, quantity: number): MarketEvent => ({
  type: 'trade',
  instrumentId: 'ABC-USD',
  receivedMs: 0,
  tradeId: 1,
  price: ticks(price),
  quantity: lots(quantity),
  aggressor,
});

export const order = (clientOrderId: string, rest: Partial<VenueOrder> = {}): VenueOrder => ({
  clientOrderId,
  accountId: 'main',
  instrumentId: 'ABC-USD',
  side: 'buy',
  quantity: '1',
  price: '99',
  postOnly: false,
  timeInForce: 'GTC',
  ...rest,
});

export const never = new AbortController().signal;

/** A venue with its market open, and everything it says with the time at which it was said. */
export function open(options: PaperVenueOptions = {}) {
  const clock = new ManualClock(START_MS);
  const venue = new PaperVenue({ latencyMs: 10, ...options }, { clock, instruments });
  for (const { instrumentId } of instruments) venue.onMarket(snapshot(instrumentId));
  const heard: string[] = [];
  const events: VenueEvent[] = [];
  const note = (what: string): void => void heard.push(`${clock.nowMs() - START_MS} ${what}`);
  venue.onEvent((event) => {
    events.push(event);
    note(`${'clientOrderId' in event ? event.clientOrderId : '-'} ${event.type}`);
  });
  const place = (sent: VenueOrder, signal = never): Promise<void> =>
    venue.place(sent, signal).then(
      (reply) => {
        note(`${sent.clientOrderId} reply ${reply.status === 'rejected' ? reply.reason : reply.status}`);
      },
      (error: unknown) => {
        note(`${sent.clientOrderId} reply failed: ${String(error)}`);
      },
    );
  const cancel = (id: string, signal = never): Promise<void> =>
    venue.cancel(id, signal).then(
      () => {
        note(`${id} cancel taken`);
      },
      (error: unknown) => {
        note(`${id} cancel failed: ${String(error)}`);
      },
    );
  const amend = (sent: VenueOrder, signal = never): Promise<void> =>
    venue.amend(sent, signal).then(
      (reply) => {
        note(`${sent.clientOrderId} amend ${reply.status === 'rejected' ? reply.reason : reply.status}`);
      },
      (error: unknown) => {
        note(`${sent.clientOrderId} amend failed: ${String(error)}`);
      },
    );
  /** Moves on millisecond by millisecond, with a turn in each, as a replay does. */
  const pass = async (ms: number): Promise<void> => {
    await clock.turn();
    for (let n = 0; n < ms; n += 1) {
      clock.advance(1);
      await clock.turn();
    }
  };
  /** Waits for an answer. */
  const answer = async <T>(waiting: Promise<T>): Promise<T> => {
    await pass(20);
    return waiting;
  };
  return { clock, venue, heard, events, place, cancel, amend, pass, answer };
}

export const marketable = { price: '101', quantity: '3' };
