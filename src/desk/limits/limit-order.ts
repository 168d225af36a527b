import { PortcullisError } from '../../core/errors.ts';
import { type Principal, requirePerson } from '../../core/principal.ts';
import { type LimitInputs, type Limits, readLimits } from './limit-engines.ts';

/** What is to be in force. Limits are given whole, so that what is in force is what somebody wrote down. */
export interface LimitChangeOrder extends LimitInputs {
  readonly by: Principal;
  readonly reason: string;
  /** SHA-256 of the file that they stand in, if they do. */
  readonly fileHash?: string | undefined;
}

/** A change that is asked for, of one engine or both. */
export interface AskedLimits extends Partial<Limits> {
  readonly by: Principal;
  readonly reason: string;
  readonly fileHash: string | undefined;
}

/** What is to be in force then, in both. */
export type WantedLimits = AskedLimits & Limits;

/**
 * Reads a change that is asked for.
 *
 * @param personsOnly whether a part of the system may not ask
 * @throws {PortcullisError} `PRINCIPAL_REQUIRED`; `OPTION_INVALID` with all that is wrong
 */
export function readOrder(order: LimitChangeOrder, personsOnly: boolean): AskedLimits {
  const { by, reason, fileHash, ...inputs } = order;
  const isSystem = !personsOnly && (by as Partial<Principal> | undefined)?.kind === 'system';
  requirePerson(isSystem ? { kind: 'person', id: by.id } : by, reason, 'change limits');
  const limits = readLimits(inputs);
  if (limits.risk === undefined && limits.execution === undefined) {
    throw new PortcullisError(
      'OPTION_INVALID',
      'change limits: expected those of risk, of execution or of both, got none',
    );
  }
  return { ...limits, by: { kind: by.kind, id: by.id }, reason, fileHash };
}
