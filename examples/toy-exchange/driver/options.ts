import { idSchema } from 'portcullis/core';
import { z } from 'zod';

export const optionsSchema = z.strictObject({
  name: idSchema.default('toy'),
  /** Where the exchange is, such as `http://127.0.0.1:4000`. */
  url: z.url(),
  /** Each with the key that the exchange gave for it. */
  accounts: z
    .array(z.strictObject({ accountId: idSchema, key: z.string().min(1), secret: z.string().min(1) }))
    .min(1),
  /** Its symbol by instrument id, where it is another. */
  symbols: z.record(idSchema, z.string()).default({}),
  /** How long a request is good for at the exchange. */
  windowMs: z.int().min(1).max(60_000).default(5_000),
  /** Whether the exchange cancels all open orders when the stream breaks. */
  cancelOnDisconnect: z.boolean().default(false),
  /** How long an event may be overtaken by a later one before it counts as missed. */
  reorderMs: z.number().min(0).default(100),
  /** A stream that is silent for so long is dead. The exchange sends a heartbeat each second. */
  silenceMs: z.number().min(1).default(3_500),
  /** First wait before another connection; it doubles with each failure. */
  reconnectMs: z.number().min(1).default(100),
  maxReconnectMs: z.number().min(1).default(5_000),
});

/** @interface */
export type ToyExchangeDriverOptions = z.input<typeof optionsSchema>;
export type DriverOptions = z.output<typeof optionsSchema>;
export type AccountKey = DriverOptions['accounts'][number];
