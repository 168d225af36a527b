import { z } from 'zod';
import { idSchema } from '../../core/ids.ts';
import { eventType } from '../event-type.ts';
import { textField, timeField } from './event-fields.ts';

const signal = z.strictObject({
  signalId: z.string().min(1).max(128),
  strategyId: idSchema,
  instrumentId: idSchema,
  direction: z.enum(['buy', 'sell', 'flat']),
  confidence: z.number().min(0).max(1),
  /** Wall time after which it no longer counts. */
  expiresAtMs: timeField,
  reasons: z.array(textField).readonly(),
});

/** @interface */
export type SignalRaised = z.output<typeof signal>;

/** A model or a rule has an opinion about an instrument. */
export const SIGNAL_RAISED = eventType({
  type: 'signal.raised',
  schema: signal,
  subject: ({ instrumentId }) => instrumentId,
});
