import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** No service's own: those begin with its name. */
const VARIABLE = 'RUN_ID';

/** Of a supervisor and of all that it starts, which inherit it; of a process alone where there is none. */
export const runOf = (env: NodeJS.ProcessEnv): string => (env[VARIABLE] ??= randomUUID().slice(0, 8));

/** Set before anything is started from here. */
const RUN = runOf(process.env);

/**
 * One run of a trading process, as the lease of its desk names it: `trading-1@host:4711#5f0c9a1e`. Machines may have equal names,
 * and processes on them equal ids: what tells them apart is who started them.
 */
export const leaseOwnerOf = (name: string, pid: number, run = RUN): string =>
  `${name}@${hostname()}:${pid}#${run}`;
