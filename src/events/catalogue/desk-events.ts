import { z } from 'zod';
import { eventType } from '../event-type.ts';
import { decimalField } from './event-fields.ts';
import { ORDER_TOPIC } from './order-fields.ts';

/*
 * What a desk tells of itself. Told as it happens, not kept in the journal: one that is told while the bus cannot be
 * reached may be missing. The audit log has all of them.
 */

const text = z.string();

/** Something that should not have happened; trading has been restricted. */
export const DESK_ANOMALY_RAISED = eventType({
  type: 'desk.anomaly-raised',
  topic: ORDER_TOPIC,
  schema: z.strictObject({
    venue: text.min(1),
    code: text,
    detail: text,
    /** The order that it is about, if it is about one. */
    clientOrderId: text.min(1).exactOptional(),
    /** Of that order, if it is known. */
    accountId: text.min(1).exactOptional(),
  }),
  subject: ({ clientOrderId, venue }) => clientOrderId ?? venue,
  key: ({ accountId, venue }) => accountId ?? venue,
});

const difference = z.strictObject({
  code: text,
  /** Whether the books say now what the venue says. */
  settled: z.boolean(),
  detail: text,
  /** Of a mismatch: what the venue has, less what we have. */
  amount: decimalField.exactOptional(),
  accountId: text.exactOptional(),
  instrumentId: text.exactOptional(),
  clientOrderId: text.exactOptional(),
});

/** The venue's records have been compared with ours, or could not be. */
export const DESK_RECONCILED = eventType({
  type: 'desk.reconciled',
  topic: ORDER_TOPIC,
  schema: z.strictObject({
    venue: text.min(1),
    result: z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('reconciled'),
        /** Empty when all agrees. */
        differences: z.array(difference),
        /** Client order ids of those in doubt. */
        inDoubt: z.array(text),
      }),
      z.strictObject({ kind: z.literal('failed'), reason: text }),
    ]),
  }),
  subject: ({ venue }) => venue,
});

export const DESK_EVENTS = [DESK_ANOMALY_RAISED, DESK_RECONCILED];
