import { EventCatalogue } from '../event-catalogue.ts';
import { BACKTEST_COMPLETED } from './backtest-events.ts';
import { BAR_CLOSED, DATA_QUALITY_CHANGED, QUOTE_UPDATED, TRADE_PRINTED } from './market-events.ts';
import { MODEL_UPDATED } from './model-events.ts';
import { ORDER_EVENTS } from './order-events.ts';
import { PORTFOLIO_UPDATED } from './portfolio-events.ts';
import { RISK_ALERT_RAISED, TRADING_STATE_CHANGED } from './risk-events.ts';
import { SIGNAL_RAISED } from './signal-events.ts';
import { SYSTEM_HEALTH_CHANGED } from './system-events.ts';

/** What the parts of this package tell. Types of your own: `TRADING_EVENTS.with(...)`. */
export const TRADING_EVENTS = new EventCatalogue([
  QUOTE_UPDATED,
  BAR_CLOSED,
  TRADE_PRINTED,
  DATA_QUALITY_CHANGED,
  SIGNAL_RAISED,
  ...ORDER_EVENTS,
  PORTFOLIO_UPDATED,
  RISK_ALERT_RAISED,
  TRADING_STATE_CHANGED,
  SYSTEM_HEALTH_CHANGED,
  MODEL_UPDATED,
  BACKTEST_COMPLETED,
]);
