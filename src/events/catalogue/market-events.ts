import { z } from 'zod';
import { idSchema } from '../../core/ids.ts';
import { eventType } from '../event-type.ts';
import { measuredField, textField, timeField, unsignedField } from './event-fields.ts';

const level = z.strictObject({ price: unsignedField, quantity: unsignedField });

const quote = z.strictObject({
  instrumentId: idSchema,
  /** The highest price that somebody pays. Missing when nobody does. */
  bid: level.optional(),
  ask: level.optional(),
  /** The one price at which positions are valued. Missing without two sides. */
  mark: unsignedField.optional(),
  /** No problem that blocks: orders may be priced on it. */
  isGood: z.boolean(),
  /** When we received it, wall time. */
  receivedMs: timeField,
  /** When the venue says it happened, where it says so. */
  exchangeMs: timeField.optional(),
});

/** @interface */
export type QuoteUpdated = z.output<typeof quote>;

/** The best prices of an instrument have changed. Some in between may have been left out: the last one counts. */
export const QUOTE_UPDATED = eventType({
  type: 'market.quote-updated',
  schema: quote,
  subject: ({ instrumentId }) => instrumentId,
});

const bar = z
  .strictObject({
    instrumentId: idSchema,
    /** Inclusive start, wall time. */
    openMs: timeField,
    /** Exclusive end. */
    closeMs: timeField,
    /** Prices of bars are float64, for statistics and indicators; never for money. */
    open: z.number(),
    high: z.number(),
    low: z.number(),
    close: z.number(),
    /** In units of the base. */
    volume: z.number().min(0),
    trades: z.int().min(0),
  })
  .refine(({ openMs, closeMs }) => openMs < closeMs, {
    path: ['closeMs'],
    message: 'expected a time after openMs',
  });

/** @interface */
export type BarClosed = z.output<typeof bar>;

/** A bar has come to its end and will not change. */
export const BAR_CLOSED = eventType({
  type: 'market.bar-closed',
  schema: bar,
  subject: ({ instrumentId }) => instrumentId,
});

const trade = z.strictObject({
  instrumentId: idSchema,
  /** The venue's. */
  tradeId: z.string().min(1).max(128),
  price: unsignedField,
  quantity: unsignedField,
  /** The side that took liquidity. */
  aggressor: z.enum(['buy', 'sell']),
  /** When we received it, wall time. */
  receivedMs: timeField,
  /** When the venue says it happened, where it says so. */
  exchangeMs: timeField.optional(),
});

/** @interface */
export type TradePrinted = z.output<typeof trade>;

/** Somebody has traded at the venue. */
export const TRADE_PRINTED = eventType({
  type: 'market.trade-printed',
  schema: trade,
  subject: ({ instrumentId }) => instrumentId,
});

const problem = z.strictObject({
  /** As the data-quality monitor has it: `SEQUENCE_GAP`. */
  code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'expected a code in upper case'),
  /** Denies entries while it lasts. */
  blocking: z.boolean(),
  measured: measuredField.optional(),
  limit: measuredField.optional(),
  note: textField.optional(),
});

const dataQuality = z.strictObject({
  instrumentId: idSchema,
  /** No problem that blocks. */
  isGood: z.boolean(),
  /** What is wrong now. */
  problems: z.array(problem).readonly(),
  /** Codes of problems that have begun, or begun to block, since the last such event. */
  began: z.array(z.string()).readonly(),
  /** Codes of problems that have ended since. */
  ended: z.array(z.string()).readonly(),
});

/** @interface */
export type DataQualityChanged = z.output<typeof dataQuality>;

/** Something began or ceased to be wrong with the data of an instrument. */
export const DATA_QUALITY_CHANGED = eventType({
  type: 'market.data-quality-changed',
  schema: dataQuality,
  subject: ({ instrumentId }) => instrumentId,
});
