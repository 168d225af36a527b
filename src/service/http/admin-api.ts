import { z } from 'zod';
import { LOG_LEVELS } from '../../telemetry/index.ts';
import { defineApi } from './http-api.ts';

/** Why something is changed: stands in the audit log. */
const reason = z.string().trim().min(1).max(500);
const level = z.enum(LOG_LEVELS);
/** As it stands in a file of flags. */
const definition = z.record(z.string(), z.unknown());

const configLine = z.object({
  path: z.string(),
  /** `[redacted]` for a secret. */
  value: z.unknown(),
  source: z.string(),
  overrode: z.array(z.object({ value: z.unknown(), source: z.string() })).readonly(),
  reference: z.string().optional(),
  warning: z.string().optional(),
});

/**
 * What operators may ask of a service and change in it, on the listener of its own (`adminPort`) and with an `authenticator`:
 * for `createClient`. A change is in the audit log, with who wanted it and why, before it counts.
 */
export const adminApi = defineApi({
  /** Every value of the configuration and where it comes from, without secrets. */
  explainConfig: {
    method: 'GET',
    path: '/admin/config',
    response: z.object({
      profile: z.string().optional(),
      hash: z.string(),
      lines: z.array(configLine).readonly(),
    }),
  },
  /** Of the service's own logger: without this route where a logger was injected. */
  getLogLevel: { method: 'GET', path: '/admin/log-level', response: z.object({ level }) },
  setLogLevel: {
    method: 'PUT',
    path: '/admin/log-level',
    body: z.strictObject({ level, reason }),
    response: z.object({ level }),
  },
  /** Definitions by name: without this route where an OpenFeature client was injected. */
  listFlags: {
    method: 'GET',
    path: '/admin/flags',
    response: z.object({ flags: z.record(z.string(), definition) }),
  },
  /** Gives everybody this value, whatever the rules say; only where flags stand in a file. */
  setFlag: {
    method: 'PUT',
    path: '/admin/flags/:flag',
    params: z.strictObject({ flag: z.string() }),
    body: z.strictObject({ value: z.json(), reason }),
    response: z.object({ flag: z.string(), definition }),
  },
});
