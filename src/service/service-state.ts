import { PortcullisError } from '../core/errors.ts';

/** Every state of a service, with those it can turn into. */
const NEXT = {
  created: ['starting', 'stopped'],
  starting: ['ready', 'stopping'],
  ready: ['stopping'],
  stopping: ['stopped', 'failed'],
  stopped: [],
  failed: [],
} as const satisfies Record<string, readonly string[]>;

/** @useDeclaredType */
export type ServiceState = keyof typeof NEXT;

/** Makes a step of the table. @throws {PortcullisError} `SERVICE_STOPPED` when the table has no such step. */
export function step(from: ServiceState, to: ServiceState): ServiceState {
  const next: readonly ServiceState[] = NEXT[from];
  if (next.includes(to)) return to;
  throw new PortcullisError('SERVICE_STOPPED', `a service that is ${from} cannot become ${to}`);
}
