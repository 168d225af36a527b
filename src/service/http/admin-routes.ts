import type { FastifyRequest } from 'fastify';
import type { AuditTrail } from '../../audit/index.ts';
import type { Clock } from '../../core/clock.ts';
import { type ErrorCode, PortcullisError } from '../../core/errors.ts';
import type { Principal } from '../../core/principal.ts';
import type { LeveledLogger, Logger } from '../../telemetry/index.ts';
import type { Authenticator } from '../authenticator.ts';
import type { LoadedConfig } from '../config/loaded-config.ts';
import type { FlagControl } from '../flags/flag-control.ts';
import type { FlagSource } from '../flags/flag-set-provider.ts';
import { settleWithin } from '../settle-within.ts';
import { adminApi } from './admin-api.ts';
import { serveApi } from './http-api.ts';
import type { ServiceApp } from './http-server.ts';
import { HttpProblem } from './problem.ts';

export interface AdminDeps {
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly log: Logger;
  readonly audit: AuditTrail;
  readonly config: Pick<LoadedConfig<unknown>, 'profile' | 'hash' | 'explain'>;
  /** The logger whose level can be changed: none where it was injected. */
  readonly ownLog?: LeveledLogger | undefined;
  readonly flags?: FlagSource | undefined;
  /** There where flags stand in a file. */
  readonly flagControl?: FlagControl | undefined;
}

const AUTHENTICATION_MS = 5000;
const { explainConfig, getLogLevel, setLogLevel, listFlags, setFlag } = adminApi;

/** What operators may ask and change. Each request is answered 401 unless the authenticator knows who sends it. */
export function addAdminRoutes(app: ServiceApp, deps: AdminDeps): void {
  const { config, ownLog, flags, flagControl } = deps;
  const callers = new WeakMap<FastifyRequest, Principal>();
  const by = (request: FastifyRequest): Principal => callers.get(request) ?? nobody();
  app.register((own, _options, done) => {
    own.addHook('onRequest', async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      const caller = await callerOf(request, deps);
      if (caller === undefined)
        void reply.header('www-authenticate', deps.authenticator.challenge ?? 'Bearer');
      callers.set(request, caller ?? nobody());
    });
    serveApi(own, { explainConfig }, { explainConfig: () => explained(config) });
    if (ownLog !== undefined) {
      serveApi(
        own,
        { getLogLevel, setLogLevel },
        {
          getLogLevel: () => ({ level: ownLog.level }),
          setLogLevel: async ({ body, request }) => {
            const { level: to, reason } = body;
            const from = ownLog.level;
            if (from !== to)
              await record(deps, { kind: 'log-level.changed', by: by(request), reason, from, to });
            ownLog.level = to;
            return { level: to };
          },
        },
      );
    }
    if (flags !== undefined) serveApi(own, { listFlags }, { listFlags: () => ({ flags: listed(flags) }) });
    if (flags !== undefined && flagControl !== undefined) {
      serveApi(
        own,
        { setFlag },
        {
          setFlag: async ({ params: { flag }, body: { value, reason }, request }) => {
            await flagControl.set(flag, value, by(request), reason).catch(refused);
            return { flag, definition: { ...flags.flags.get(flag)?.definition } };
          },
        },
      );
    }
    done();
  });
}

/** Who asks, or `undefined`. @throws {HttpProblem} 503 when the authenticator cannot tell. */
async function callerOf(
  { raw }: FastifyRequest,
  { authenticator, clock, log }: AdminDeps,
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

function explained(config: AdminDeps['config']) {
  const { profile, hash } = config;
  return { ...(profile !== undefined && { profile }), hash, lines: config.explain() };
}

const listed = ({ flags }: FlagSource) =>
  Object.fromEntries([...flags].map(([name, { definition }]) => [name, { ...definition }]));

/** What is not in the audit log does not happen. */
async function record({ audit, log }: AdminDeps, event: Parameters<AuditTrail['record']>[0]): Promise<void> {
  try {
    await audit.record(event);
  } catch (err) {
    log.error({ err }, 'the audit log does not take a change');
    throw new HttpProblem(503, 'the audit log does not take it');
  }
}

const STATUS_OF: Partial<Readonly<Record<ErrorCode, number>>> = {
  FLAG_UNKNOWN: 404,
  INPUT_INVALID: 400,
  FLAG_CHANGE_REFUSED: 503,
  SERVICE_STOPPED: 503,
};

function refused(error: unknown): never {
  const status = error instanceof PortcullisError ? STATUS_OF[error.code] : undefined;
  throw status === undefined ? error : new HttpProblem(status, (error as Error).message, { cause: error });
}
