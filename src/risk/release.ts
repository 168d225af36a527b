import type { AuditTrail } from '../audit/audit-log.ts';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { type Principal, requirePerson } from '../core/principal.ts';
import { messageOf } from '../core/message-of.ts';
import type { KillRecord } from './kill-record.ts';
import { type Scope, scopeKey } from './trading-state.ts';

export interface ReleaseOrder {
  readonly scope: Scope;
  /** The scope typed out, such as `firm` or `account:main`. */
  readonly confirm: string;
  readonly reason: string;
  /** A person. */
  readonly by: Principal;
  /** Another person, where the switch asks for two. */
  readonly second?: Principal;
}

export interface ReleaseRules {
  readonly secondPerson: boolean;
  readonly coolDownMs: number;
}

/**
 * Lets a release pass that may be asked for now.
 *
 * @returns the record that it ends
 * @throws {PortcullisError} `PRINCIPAL_REQUIRED` unless a named person gives a reason; else `RELEASE_REFUSED`, saying
 *   what was expected
 */
export function checkRelease(
  { scope, confirm, reason, by, second }: ReleaseOrder,
  record: KillRecord | undefined,
  rules: ReleaseRules,
  nowMs: number,
): KillRecord {
  const key = scopeKey(scope);
  requirePerson(by, reason, `release ${key}`);
  if (confirm !== key)
    throw refused(key, `expected confirm ${JSON.stringify(key)}, got ${JSON.stringify(confirm)}`);
  if (record === undefined) throw refused(key, 'it is not tripped');
  if (second !== undefined || rules.secondPerson) checkSecond(key, by, second);
  const sinceMs = nowMs - record.atMs;
  if (rules.coolDownMs === 0 || sinceMs >= rules.coolDownMs) return record;
  const when = sinceMs >= 0 ? `it was tripped ${sinceMs} ms ago` : 'the clock is before the trip';
  throw refused(key, `expected a cool-down of ${rules.coolDownMs} ms, ${when}`);
}

/** @throws {PortcullisError} `RELEASE_REFUSED` */
function checkSecond(key: string, first: Principal, second: Principal | undefined): void {
  const isNamed = second?.kind === 'person' && second.id.trim() !== '';
  if (isNamed && nameOf(second) !== nameOf(first)) return;
  const got = second === undefined ? 'nobody' : `${second.kind} ${JSON.stringify(second.id)}`;
  throw refused(key, `expected a second named person besides ${JSON.stringify(first.id)}, got ${got}`);
}

const nameOf = ({ id }: Principal): string => id.trim().toLowerCase();

export const refused = (key: string, why: string): PortcullisError =>
  new PortcullisError('RELEASE_REFUSED', `release ${key}: ${why}`);

export interface ReleaseAuditDeps {
  readonly audit?: AuditTrail | undefined;
  readonly clock: Pick<Clock, 'deadline'>;
}

/**
 * Has the audit log take down who orders a release and why, `kill-switch.release-ordered`. Without an audit log it does nothing.
 *
 * @throws {PortcullisError} `LOG_WRITE_FAILED` when it is not kept within `timeoutMs`
 */
export async function auditRelease(
  { audit, clock }: ReleaseAuditDeps,
  timeoutMs: number,
  { scope, reason, by, second }: ReleaseOrder,
  record: KillRecord,
): Promise<void> {
  if (audit === undefined) return;
  const late = Promise.withResolvers<never>();
  using _timer = clock.deadline(timeoutMs, () => {
    late.reject(new Error(`no answer within ${timeoutMs} ms`));
  });
  const kind = 'kill-switch.release-ordered';
  try {
    await Promise.race([audit.record({ kind, by, reason, ...(second && { second }), record }), late.promise]);
  } catch (cause) {
    const message = `release ${scopeKey(scope)}: not in the audit log: ${messageOf(cause)}`;
    throw new PortcullisError('LOG_WRITE_FAILED', message, { cause });
  }
}
