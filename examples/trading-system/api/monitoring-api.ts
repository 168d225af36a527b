import { defineApi } from 'portcullis/service';
import { z } from 'zod';
import { principal, scope, timeMs, tradingState } from './fields.ts';

const level = z.enum(['up', 'degraded', 'down']);

/** One process of a service, as it was found last. */
const instance = z.object({
  role: z.string(),
  instance: z.string(),
  url: z.string(),
  pid: z.int().optional(),
  /** `down` while it does not answer. */
  level,
  /** Where it stands in its life, from its events: left out until one has come. */
  state: z.string().optional(),
  /** What is not up, by name. */
  problems: z.record(z.string(), z.string()),
  askedMs: timeMs,
});

/** What the monitoring service serves. */
export const monitoringApi = defineApi({
  getOverview: {
    method: 'GET',
    path: '/overview',
    response: z.object({
      /** The worst of all; `down` as well while no trading process is active. */
      level,
      instances: z.array(instance).readonly(),
      trading: z.object({
        /** The instance that trades. Left out while none does. */
        active: z.string().optional(),
        standby: z.array(z.string()).readonly(),
        /** Who has the lease of the account. Left out while nobody is known to. */
        lease: z.object({ name: z.string(), owner: z.string(), url: z.string() }).optional(),
        orders: z.object({ working: z.int(), inDoubt: z.int() }).optional(),
      }),
      killSwitch: z.object({
        state: tradingState,
        /** The last that was heard of each scope that is not active. */
        records: z
          .array(z.object({ scope, state: tradingState, reason: z.string(), by: principal }))
          .readonly(),
      }),
      atMs: timeMs,
    }),
    summary: 'All services on one page.',
    tags: ['monitoring'],
  },
});
