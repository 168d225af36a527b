import type { BookReader } from '../trading/book.ts';
import type { OrderActivity } from './activity/order-activity.ts';
import { buyingPowerGate } from './gates/buying-power-gate.ts';
import { capitalGate, capitalOfAll, ownCapital } from './gates/capital-gate.ts';
import { duplicateContentGate } from './gates/duplicate-content-gate.ts';
import { messageRateGate } from './gates/message-rate-gate.ts';
import { orderQuantityGate } from './gates/order-quantity-gate.ts';
import { orderValueGate } from './gates/order-value-gate.ts';
import { permissionGate } from './gates/permission-gate.ts';
import { repeatedExecutionGate } from './gates/repeated-execution-gate.ts';
import { restrictedGate } from './gates/restricted-gate.ts';
import { selfTradeGate } from './gates/self-trade-gate.ts';
import { tradingHoursGate } from './gates/trading-hours-gate.ts';
import type { OrderControls } from './order-controls.ts';
import type { RiskGate } from './risk-gate.ts';
import type { Scope } from './trading-state.ts';

export interface ControlDeps {
  readonly book: BookReader;
  readonly activity: OrderActivity;
  /** What the counters count by: an account when the limits are those of accounts in general. */
  readonly by: Scope['kind'];
}

/** A gate for each control that is set, cheap and absolute ones first. */
export function controlGates(controls: OrderControls, { book, activity, by }: ControlDeps): RiskGate[] {
  const of = <L>(limit: L | undefined, gate: (limit: L) => RiskGate): RiskGate[] =>
    limit === undefined ? [] : [gate(limit)];
  const { buyingPower } = controls;
  const capitalOf = by === 'account' ? ownCapital : capitalOfAll(book);
  return [
    ...of(controls.restricted, restrictedGate),
    ...of(controls.permissions, permissionGate),
    ...of(controls.tradingHours, tradingHoursGate),
    ...of(controls.maxOrderQuantity, orderQuantityGate),
    ...of(controls.maxOrderValue, orderValueGate),
    ...of(buyingPower === 'none' ? undefined : buyingPower, buyingPowerGate),
    ...of(controls.maxCapital, (limit) => capitalGate(limit, capitalOf)),
    ...of(controls.selfTrade, () => selfTradeGate(book)),
    ...of(controls.messageRate, (rate) => messageRateGate(rate, activity.messages(by, rate))),
    ...of(controls.repeatedExecution, (limit) =>
      repeatedExecutionGate(limit, activity.executions(by, limit), activity.latch()),
    ),
    ...of(controls.duplicateWindowMs, (windowMs) =>
      duplicateContentGate(windowMs, activity.contents(windowMs)),
    ),
  ];
}
