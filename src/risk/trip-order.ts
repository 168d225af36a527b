import type { PortcullisError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import type { KillRecord } from './kill-record.ts';
import type { Scope } from './trading-state.ts';
import type { CancelResult } from './working-orders.ts';

export interface TripOrder {
  /** Default: the firm. */
  readonly scope?: Scope;
  readonly to: 'reducing' | 'halted';
  readonly reason: string;
  readonly by: Principal;
}

export interface TripReport {
  readonly record: KillRecord;
  /** Client order ids whose cancel was requested. */
  readonly cancelRequested: readonly string[];
  /** What became of the cancels, once that is known. Never rejects. */
  readonly confirmed: Promise<CancelResult>;
  /** Whether the trip is on disk. If not it stands all the same, until the process ends. */
  readonly durable: boolean;
  /** What failed: the disk, or else the cancels. `LEASE_LOST`: the trip does not count, since another process trades now. */
  readonly error?: PortcullisError;
}
