import { PortcullisError } from '../core/errors.ts';

/**
 * Every state of a service, with those it can turn into. `degraded`: it serves, though something that it depends on is down.
 * `draining`: `/ready` says 503 while everything is still answered. `stopping`: no further connections, work is ended.
 */
const NEXT = {
  created: ['starting', 'stopped'],
  starting: ['ready', 'degraded', 'draining'],
  ready: ['degraded', 'draining'],
  degraded: ['ready', 'draining'],
  draining: ['stopping'],
  stopping: ['stopped', 'failed'],
  stopped: [],
  failed: [],
} as const satisfies Record<string, readonly string[]>;

/** @useDeclaredType */
export type ServiceState = keyof typeof NEXT;

export const SERVICE_STATES = Object.keys(NEXT) as readonly ServiceState[];

/** Makes a step of the table. @throws {PortcullisError} `SERVICE_STOPPED` when the table has no such step. */
export function step(from: ServiceState, to: ServiceState): ServiceState {
  const next: readonly ServiceState[] = NEXT[from];
  if (next.includes(to)) return to;
  throw new PortcullisError('SERVICE_STOPPED', `a service that is ${from} cannot become ${to}`);
}

/** Whether it answers what it is for. */
export const isServing = (state: ServiceState): boolean => state === 'ready' || state === 'degraded';

/** Whether the end has begun. */
export const isEnding = (state: ServiceState): boolean => state === 'draining' || state === 'stopping';

/** Whether it neither runs nor is about to. */
export const isOver = (state: ServiceState): boolean => state === 'stopped' || state === 'failed';
