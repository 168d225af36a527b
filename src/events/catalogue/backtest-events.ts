import { z } from 'zod';
import { idSchema } from '../../core/ids.ts';
import { eventType } from '../event-type.ts';
import { decimalField, sha256Field, timeField } from './event-fields.ts';

const backtest = z.strictObject({
  backtestId: z.string().min(1).max(128),
  strategyId: idSchema,
  instrumentIds: z.array(idSchema).min(1).readonly(),
  /** Of the data, wall time; inclusive. */
  fromMs: timeField,
  /** Exclusive. */
  toMs: timeField,
  currency: idSchema,
  startEquity: decimalField,
  endEquity: decimalField,
  /** Last equity over the first, less one. */
  totalReturn: z.number(),
  /** The deepest fall of equity, as a fraction of the highest before it. */
  maxDrawdownFraction: z.number().min(0),
  /** Of a year. Missing where there is no variation, or too little data. */
  sharpe: z.number().optional(),
  fills: z.int().min(0),
  /** SHA-256 of all that goes in: the same one gives the same result. */
  inputHash: sha256Field,
});

/** @interface */
export type BacktestCompleted = z.output<typeof backtest>;

/** A backtest has come to its end. */
export const BACKTEST_COMPLETED = eventType({
  type: 'backtest.completed',
  schema: backtest,
  subject: ({ strategyId }) => strategyId,
});
