import { defineApi } from 'portcullis/service';
import { z } from 'zod';
import { timeMs } from './fields.ts';

export const severity = z.enum(['info', 'warning', 'critical']);

/** What people were told. */
export const notification = z.object({
  /** The type of the event that it comes from. */
  type: z.string(),
  severity,
  /** What it is about: `account:main`, an instrument, a venue. */
  subject: z.string(),
  code: z.string(),
  text: z.string(),
  /** How often within the window: only the first is told, and how many there were at its end. */
  count: z.int(),
  firstMs: timeMs,
  lastMs: timeMs,
});

/** What the notification service serves. */
export const notificationApi = defineApi({
  listNotifications: {
    method: 'GET',
    path: '/notifications',
    query: z.strictObject({
      /** Default: 100. */
      limit: z.coerce.number().int().min(1).max(1000).optional(),
      severity: severity.optional(),
    }),
    response: z.object({ notifications: z.array(notification).readonly() }),
    summary: 'The last ones, the newest first.',
    tags: ['notification'],
  },
});
