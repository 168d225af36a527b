import type { AuditTrail } from '../../audit/index.ts';
import { type ErrorCode, PortcullisError } from '../../core/errors.ts';
import type { LeveledLogger } from '../../telemetry/index.ts';
import type { LoadedConfig } from '../config/loaded-config.ts';
import type { FlagControl } from '../flags/flag-control.ts';
import type { FlagSource } from '../flags/flag-set-provider.ts';
import { adminApi } from './admin-api.ts';
import { serveApi } from './http-api.ts';
import type { ServiceApp } from './http-server.ts';
import { type OperatorDeps, operatorsOnly, recordChange } from './operators.ts';
import { HttpProblem } from './problem.ts';

export interface AdminDeps extends OperatorDeps {
  readonly audit: AuditTrail;
  readonly config: Pick<LoadedConfig<unknown>, 'profile' | 'hash' | 'explain'>;
  /** The logger whose level can be changed: none where it was injected. */
  readonly ownLog?: LeveledLogger | undefined;
  readonly flags?: FlagSource | undefined;
  /** There where flags stand in a file. */
  readonly flagControl?: FlagControl | undefined;
}

const { explainConfig, getLogLevel, setLogLevel, listFlags, setFlag } = adminApi;

/** What operators may ask and change. Each request is answered 401 unless the authenticator knows who sends it. */
export function addAdminRoutes(app: ServiceApp, deps: AdminDeps): void {
  const { config, ownLog, flags, flagControl } = deps;
  app.register((own, _options, done) => {
    const by = operatorsOnly(own, deps);
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
              await recordChange(deps, { kind: 'log-level.changed', by: by(request), reason, from, to });
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

function explained(config: AdminDeps['config']) {
  const { profile, hash } = config;
  return { ...(profile !== undefined && { profile }), hash, lines: config.explain() };
}

const listed = ({ flags }: FlagSource) =>
  Object.fromEntries([...flags].map(([name, { definition }]) => [name, { ...definition }]));

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
