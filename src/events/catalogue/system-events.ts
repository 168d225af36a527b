import { z } from 'zod';
import { eventType } from '../event-type.ts';
import { textField } from './event-fields.ts';

const level = z.enum(['up', 'degraded', 'down']);

const health = z.strictObject({
  service: z.string().min(1).max(128),
  version: z.string().min(1).max(128),
  /** Where it stands in its life. */
  state: z.enum(['created', 'starting', 'ready', 'degraded', 'draining', 'stopping', 'stopped', 'failed']),
  /** By its dependencies: `down` while a critical one is. */
  level,
  /** By name. */
  dependencies: z.record(
    z.string(),
    z.strictObject({
      status: level,
      /** Whether the service is not ready without it. */
      critical: z.boolean(),
      reason: textField.optional(),
    }),
  ),
});

/** @interface */
export type SystemHealthChanged = z.output<typeof health>;

/** A service has gone to another state of its life, or something that it depends on went down or came back. */
export const SYSTEM_HEALTH_CHANGED = eventType({
  type: 'system.health-changed',
  schema: health,
  subject: ({ service }) => service,
});
