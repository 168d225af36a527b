import { defineApi } from 'portcullis/service';
import { z } from 'zod';
import { principal, scope, timeMs, tradingState } from './fields.ts';

const level = z.enum(['up', 'degraded', 'down']);

/** One process of a service, as it was found last. */
const instance = z.object({
  role: z.string(),
  instance: z.int(),
  url: z.string(),
  pid: z.int(),
  /** `down` while it does not answer. */
  level,
  /** Where it stands in its life. Left out while it does not answer. */
  state: z.string().optional(),
  /** What is not up, by name. */
  problems: z.record(z.string(), z.string()),
  askedMs: timeMs,
});

/** A change of health that a service has told of. */
const change = z.object({ service: z.string(), state: z.string(), level, atMs: timeMs });

/** What the monitoring service serves. */
export const monitoringApi = defineApi({
  getOverview: {
    method: 'GET',
    path: '/overview',
    response: z.object({
      /**
       * The worst of all; `down` as well where a service is missing, or nobody trades. While the shared state does not answer
       * `degraded` at best, and after five seconds `down`.
       */
      level,
      /** Why it cannot be looked up who is where, and since when: then the page says what was known before. */
      problem: z.object({ reason: z.string(), sinceMs: timeMs }).optional(),
      /** Roles of which nobody has told where it is. */
      missing: z.array(z.string()).readonly(),
      instances: z.array(instance).readonly(),
      trading: z.object({
        /** The process that trades. Left out while none says that it does. */
        active: z.int().optional(),
        standby: z.array(z.int()).readonly(),
        /** Who has the lease of the account. Left out while nobody is known to. */
        lease: z.object({ name: z.string(), owner: z.string(), url: z.string() }).optional(),
        /** Of the active one. */
        orders: z.object({ working: z.int(), inDoubt: z.int() }).optional(),
      }),
      killSwitch: z.object({
        /** `unknown` while nobody can be asked. */
        state: z.enum([...tradingState.options, 'unknown']),
        records: z
          .array(z.object({ scope, state: tradingState, reason: z.string(), by: principal, atMs: timeMs }))
          .readonly(),
      }),
      /** The last changes of health, the newest first. */
      changes: z.array(change).readonly(),
      atMs: timeMs,
    }),
    summary: 'All services on one page.',
    tags: ['monitoring'],
  },
});
