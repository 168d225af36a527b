// RiskGuard in front of order code of your own: it decides and holds; you send, and tell it what happened.
import { Book, KillSwitch, RiskGuard, SystemClock } from 'portcullis';
import { lots } from 'portcullis/core';
import { MemoryStateStore } from 'portcullis/storage';
import { priceOrder } from 'portcullis/trading';
import { BTC_USD, market } from './support/market.ts';

const clock = new SystemClock();
const book = new Book();
book.openAccount('main', 'USD', '100000');
book.mark(market(clock));
const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
const limits = { maxDailyLoss: '2000', maxDrawdownFraction: 0.1, maxPositions: 5 };
const money = { maxPositionNotional: '70000', maxClusterExposure: '70000', maxTotalExposure: '40000' };
const guard = new RiskGuard({ ...limits, ...money }, { book, killSwitch, clock });

const ids = { intentId: 'a-1', accountId: 'main', strategyId: 'mine', instrumentId: 'BTC-USD' };
const price = { type: 'limit', limit: '59999' } as const;
const order = priceOrder({ ...ids, side: 'buy', quantity: '1', price }, BTC_USD, book.view('BTC-USD'));
if ('code' in order) throw new Error(order.code);

const verdict = guard.reserve(order);
if (verdict.decision === 'reject') throw new Error(verdict.denials.map(({ code }) => code).join(', '));
console.log(verdict.decision, verdict.quantity, 'lots', verdict.decision === 'resize' ? verdict.because : '');
verdict.reservation.keep(); // now send it, and tell `guard.apply` what became of it

const { clientOrderId } = order;
guard.apply({ type: 'accepted', clientOrderId, atMs: clock.nowMs() });
guard.apply({ type: 'cancelled', clientOrderId, atMs: clock.nowMs(), cumulative: lots(0) });
console.log('held after the cancel:', book.cell('main', 'BTC-USD')?.buy);
