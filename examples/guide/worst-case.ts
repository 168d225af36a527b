// The two sums on which the guard rests: worst case and exit.
import { type Lots, lots, notional, ticks } from 'portcullis/core';
import { exitRoom, isExit, worstQty } from 'portcullis/trading';
import { BTC_USD } from '../support/market.ts';

// 2 BTC are held; orders for 1.5 BTC more and for selling 0.5 BTC are working. One lot is 0.001 BTC.
const now = { pos: lots(2_000), buy: lots(1_500), sell: lots(500) };
const mark = ticks(6_000_000); // 60,000.00 at a tick of 0.01

const say = (what: string, worst: Lots): void => {
  const dollars = notional(BTC_USD.grid, worst, mark) / 1_000_000;
  console.log(`${what}: ${String(worst / 1_000)} BTC, ${String(dollars)} USD`);
};
say('worst case now', worstQty(now.pos, now.buy, now.sell));
say('with a buy of 1', worstQty(now.pos, lots(2_500), now.sell));
say('with a sell of 1', worstQty(now.pos, now.buy, lots(1_500)));

console.log('a sell of 1 is an exit:', isExit('sell', lots(1_000), now));
console.log('a sell of 2 is an exit:', isExit('sell', lots(2_000), now));
console.log('an exit may be up to', exitRoom('sell', now) / 1_000, 'BTC');
