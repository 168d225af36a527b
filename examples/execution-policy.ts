// ExecutionPolicy alone: is this a sane order for the market as it is now?
import { ExecutionPolicy, SystemClock } from 'portcullis';
import { priceOrder } from 'portcullis/trading';
import { BTC_USD, market } from './support/market.ts';

const clock = new SystemClock();
const view = market(clock, 40_000);
const policy = new ExecutionPolicy({ spreadBps: { entry: 20 }, volumeFraction: { entry: 0.05 } });

const ids = { intentId: 'a-1', accountId: 'main', strategyId: 'mine', instrumentId: 'BTC-USD' };
const price = { type: 'market', maxSlippageBps: 10 } as const;
const order = priceOrder({ ...ids, side: 'buy', quantity: '1', price }, BTC_USD, view);
if ('code' in order) throw new Error(order.code);

const time = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs(), dayId: '2026-01-01' };
const held = { ...order, isExit: false, postOnly: false, timeInForce: 'IOC', decidedMonotonicMs: 0 } as const;
for (const denial of policy.evaluate(held, { ...time, mark: view.mark, seen: new Set<string>() })) {
  const { gate, code, measured, limit } = denial;
  console.log(`${gate}: ${code}, measured ${Number(measured).toFixed(2)}, limit ${String(limit)}`);
}
