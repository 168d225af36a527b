// Compiled, never run: what the types of an order forbid. A line that compiles after all fails `npm run types`.
import { decimal } from '../../src/core/index.ts';
import type { OrderIntent, OrderPrice, OrderState, PricedOrder } from '../../src/trading/index.ts';
import { intentOf } from './builders.ts';

export const text: OrderIntent = { ...intentOf(), quantity: '0.1' };
export const exact: OrderIntent = { ...intentOf(), quantity: decimal('0.1') };

// @ts-expect-error a float is not a quantity
export const float: OrderIntent = { ...intentOf(), quantity: 0.1 };
// @ts-expect-error nor a price
export const floatPrice: OrderPrice = { type: 'limit', limit: 100.5 };
// @ts-expect-error a market order has no limit
export const both: OrderPrice = { type: 'market', limit: '100' };
// @ts-expect-error and a limit order no slippage
export const slipping: OrderPrice = { type: 'limit', limit: '100', maxSlippageBps: 5 };
// @ts-expect-error an intent is not priced
export const unpriced: PricedOrder = intentOf();
// @ts-expect-error no such state
export const state: OrderState = 'pending';
