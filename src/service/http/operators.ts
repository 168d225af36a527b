import type { FastifyRequest } from 'fastify';
import type { AuditEvent, AuditTrail } from '../../audit/index.ts';
import type { Clock } from '../../core/clock.ts';
import type { Principal } from '../../core/principal.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { Authenticator } from '../authenticator.ts';
import { settleWithin } from '../settle-within.ts';
import type { ServiceApp } from './http-server.ts';
import { HttpProblem } from './problem.ts';

export interface OperatorDeps {
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly log: Logger;
}

const AUTHENTICATION_MS = 5000;

/**
 * Lets only operators at the routes of `app` that are added from now on: each request is answered 401 unless the authenticator
 * knows who sends it. Gives what says who that is.
 */
export function operatorsOnly(app: ServiceApp, deps: OperatorDeps): (request: FastifyRequest) => Principal {
  const callers = new WeakMap<FastifyRequest, Principal>();
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('cache-control', 'no-store');
    const caller = await callerOf(request, deps);
    if (caller === undefined) void reply.header('www-authenticate', deps.authenticator.challenge ?? 'Bearer');
    callers.set(request, caller ?? nobody());
  });
  return (request) => callers.get(request) ?? nobody();
}

/** Who asks, or `undefined`. @throws {HttpProblem} 503 when the authenticator cannot tell. */
async function callerOf(
  { raw }: FastifyRequest,
  { authenticator, clock, log }: OperatorDeps,
): Promise<Principal | undefined> {
  const asked = { headers: raw.headers, remoteAddress: raw.socket.remoteAddress };
  const answer = await settleWithin(clock, AUTHENTICATION_MS, () => authenticator.authenticate(asked));
  if (answer.kind === 'done') return named(answer.value);
  log.error(
    answer.kind === 'failed' ? { err: answer.error } : { timeoutMs: AUTHENTICATION_MS },
    'authenticator',
  );
  throw new HttpProblem(503, 'nobody can tell at the moment who asks');
}

/** What comes from outside may lack anything: nobody unnamed gets in. */
function named(caller: unknown): Principal | undefined {
  const { kind, id } = { ...(caller as Partial<Principal> | undefined) };
  const isNamed = (kind === 'person' || kind === 'system') && typeof id === 'string' && id.trim() !== '';
  return isNamed ? { kind, id } : undefined;
}

const nobody = (): never => {
  throw new HttpProblem(401, 'expected the credentials of an operator');
};

/** What is not in the audit log does not happen. @throws {HttpProblem} 503 when it does not take it. */
export async function recordChange(
  { audit, log }: { readonly audit: AuditTrail; readonly log: Logger },
  event: AuditEvent,
): Promise<void> {
  try {
    await audit.record(event);
  } catch (err) {
    log.error({ err }, 'the audit log does not take a change');
    throw new HttpProblem(503, 'the audit log does not take it');
  }
}
