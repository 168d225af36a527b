import { defineApi } from 'portcullis/service';
import { z } from 'zod';
import { reason } from '../api/fields.ts';

const child = z.object({
  name: z.string(),
  role: z.string(),
  instance: z.int(),
  state: z.enum(['stopped', 'starting', 'ready', 'stopping', 'waiting', 'given-up']),
  pid: z.int().optional(),
  url: z.string().optional(),
  /** How often it has been started, and has ended without being asked to. */
  starts: z.int(),
  deaths: z.int(),
});

/** What the supervisor serves, on this machine only. */
export const supervisorApi = defineApi({
  getStatus: {
    method: 'GET',
    path: '/status',
    response: z.object({
      phase: z.enum(['idle', 'starting', 'running', 'stopping', 'stopped']),
      restarting: z.boolean(),
      children: z.array(child).readonly(),
    }),
    summary: 'All processes.',
  },
  restart: {
    method: 'POST',
    path: '/restart',
    status: 202,
    body: z.strictObject({
      /** Default: all but the exchange, one by one. */
      children: z.array(z.string().max(64)).min(1).max(100).optional(),
      reason,
    }),
    response: z.object({ begun: z.literal(true) }),
    summary: 'Restarts processes one by one. The status says how far it is.',
    description: '409 while one is under way, or not all is running.',
  },
});
