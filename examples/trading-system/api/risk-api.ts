import { defineApi } from 'portcullis/service';
import { z } from 'zod';
import { deskRoutes } from './desk-routes.ts';
import { principal, reason, scope, timeMs, tradingState } from './fields.ts';

const tags = ['risk'] as const;

/** What was tripped and has not been released. */
const killRecord = z.object({
  scope,
  state: tradingState.exclude(['active']),
  reason: z.string(),
  by: principal,
  atMs: timeMs,
});

const killSwitch = z.object({
  /** The strictest anywhere. */
  state: tradingState,
  /** Empty while nothing is tripped. */
  records: z.array(killRecord).readonly(),
  /** Whether the shared entry is known to say the same as this process. */
  shared: z.boolean(),
  /** Why not. */
  error: z.string().optional(),
});

const alert = z.object({
  code: z.string(),
  severity: z.enum(['info', 'warning', 'critical']),
  scope,
  detail: z.string(),
  gate: z.string().optional(),
  measured: z.union([z.number(), z.string()]).optional(),
  limit: z.union([z.number(), z.string()]).optional(),
  /** How often between the two times. */
  count: z.int(),
  firstMs: timeMs,
  lastMs: timeMs,
});

/**
 * What the risk service serves. The kill switch needs no trading process; limits and explain are asked of the active one: 503
 * with `Retry-After` while there is none.
 */
export const riskApi = defineApi({
  getKillSwitch: {
    method: 'GET',
    path: '/kill-switch',
    response: killSwitch,
    summary: 'What is tripped.',
    tags,
  },
  tripKillSwitch: {
    method: 'POST',
    path: '/kill-switch/trip',
    body: z.strictObject({
      /** Default: the firm. */
      scope: scope.optional(),
      to: tradingState.exclude(['active']),
      reason,
    }),
    response: killSwitch.extend({
      record: killRecord,
      /** Whether it is on the disk of this process. If not it stands all the same, until the process ends. */
      durable: z.boolean(),
    }),
    summary: 'Restricts trading at once, in every process.',
    description: 'For operators, systems included. Never loosens.',
    tags,
  },
  releaseKillSwitch: {
    method: 'POST',
    path: '/kill-switch/release',
    body: z.strictObject({
      scope,
      /** The scope typed out: `firm` or `account:main`. */
      confirm: z.string().max(128),
      reason,
    }),
    response: killSwitch,
    summary: 'Lets a scope trade again.',
    description: 'For persons: 403 for a system. 409 when it is not tripped, or tripped again meanwhile.',
    tags,
  },
  ...deskRoutes('risk'),
  listAlerts: {
    method: 'GET',
    path: '/alerts',
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).optional() }),
    response: z.object({ alerts: z.array(alert).readonly() }),
    summary: 'The last alerts, the newest first. Default: 100.',
    tags,
  },
});
