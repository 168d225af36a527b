import { OrderDesk, Venue } from 'portcullis';
import { deskParts } from './support/desk-parts.ts';
import { market } from './support/market.ts';

const { driver, ...parts } = await deskParts(); // guard, policy, book, killSwitch, journal, instruments, clock
const desk = new OrderDesk({}, { ...parts, venue: new Venue(driver) });
await desk.start(); // compares its books with the venue's; until that has succeeded only exits pass
desk.mark(market(parts.clock)); // and again whenever the market changes

const outcome = await desk.submit({
  intentId: 'rebalance-2026-01-02',
  accountId: 'main',
  strategyId: 'rebalance',
  instrumentId: 'BTC-USD',
  side: 'buy',
  quantity: '0.25', // money is never a JavaScript number
  price: { type: 'limit', limit: '59990' },
});
console.log(outcome.kind); // denied, duplicate, accepted, rejected or unknown, each with its details
await desk.stop();
