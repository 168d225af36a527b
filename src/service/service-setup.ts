import type { Client } from '@openfeature/server-sdk';
import type { z } from 'zod';
import type { AuditTrail } from '../audit/index.ts';
import type { Clock } from '../core/clock.ts';
import type { PortcullisError } from '../core/errors.ts';
import type { LeveledLogger, Logger, MetricsRegistry } from '../telemetry/index.ts';
import type { LoadedConfig } from './config/loaded-config.ts';
import { EnvFlagProvider } from './flags/env-flag-provider.ts';
import { FileFlagProvider } from './flags/file-flag-provider.ts';
import { FlagControl } from './flags/flag-control.ts';
import { FlagMetrics } from './flags/flag-metrics.ts';
import type { FlagSource } from './flags/flag-set-provider.ts';
import { type OpenFlags, openFlags } from './flags/open-flags.ts';
import type { Health } from './health/health.ts';
import { addAdminRoutes } from './http/admin-routes.ts';
import type { ServiceApp } from './http/http-server.ts';
import { type ServiceConfigOptions, loadServiceConfig } from './service-config.ts';
import type { ServicePorts } from './service-ports.ts';
import type { ServiceSettings, serviceSettings } from './service-settings.ts';

export interface SetupDeps extends Pick<
  ServicePorts,
  'env' | 'vault' | 'overrides' | 'flags' | 'audit' | 'freePorts'
> {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly health: Health;
  readonly signal: AbortSignal;
}

/** What a service is set up with. */
export interface Setup<S extends z.ZodObject> {
  readonly settings: ServiceSettings;
  readonly config: z.output<S>;
  readonly loaded: LoadedConfig<unknown>;
  readonly flags: ServiceFlags;
}

/**
 * Reads settings, configuration and flags.
 *
 * @param defaults settings that the constructor was given
 */
export async function setUp<S extends z.ZodObject>(
  name: string,
  defaults: z.input<typeof serviceSettings>,
  options: ServiceConfigOptions<S>,
  deps: SetupDeps,
): Promise<Setup<S>> {
  const configured = await setUpConfig(name, defaults, options, deps);
  try {
    return { ...configured, flags: await setUpFlags(name, configured.settings, deps) };
  } catch (error) {
    configured.loaded[Symbol.dispose]();
    throw error;
  }
}

/** Settings and configuration of a service; what is stale in it shows in its health. */
async function setUpConfig<S extends z.ZodObject>(
  name: string,
  defaults: z.input<typeof serviceSettings>,
  options: ServiceConfigOptions<S>,
  deps: SetupDeps,
): Promise<{ settings: ServiceSettings; config: z.output<S>; loaded: LoadedConfig<unknown> }> {
  const onError = (error: PortcullisError): void => {
    deps.log.warn({ err: error }, 'secret not read again');
    deps.metrics.recordError({ component: 'config', kind: error.code, severity: 'high' });
  };
  const { settings, own, loaded } = await loadServiceConfig(name, defaults, options, { ...deps, onError });
  if (loaded.secrets().length > 0) {
    deps.health.add('secrets', () => {
      const stale = loaded.secrets().filter(({ state }) => state === 'stale');
      return stale.length === 0 || `not read again: ${stale.map(({ path }) => path).join(', ')}`;
    });
  }
  return { settings: deps.freePorts === true ? onFreePorts(settings) : settings, config: own, loaded };
}

const onFreePorts = (settings: ServiceSettings): ServiceSettings => ({
  ...settings,
  ...{ host: '127.0.0.1', port: 0, adminHost: '127.0.0.1' },
  ...(settings.adminPort !== undefined && { adminPort: 0 }),
});

export interface ServiceFlags {
  readonly client: Client;
  /** Which flags there are, unless the client was injected. */
  readonly source?: FlagSource;
  /** What is to be closed, unless the client was injected. */
  readonly opened?: OpenFlags;
  /** Where flags stand in a file. */
  readonly control?: FlagControl;
}

/** Flags from the client that was injected, else from the file that is set, else from the environment. */
async function setUpFlags(
  name: string,
  { flagsFile }: ServiceSettings,
  { flags, env = process.env, clock, log, metrics, audit }: SetupDeps,
): Promise<ServiceFlags> {
  if (flags !== undefined) return { client: flags };
  const deps = { logger: log, metrics: new FlagMetrics(metrics) };
  if (flagsFile === undefined) {
    const source = new EnvFlagProvider({ env });
    const opened = await openFlags(name, source, deps);
    return { client: opened.client, source, opened };
  }
  const provider = new FileFlagProvider(
    { path: flagsFile },
    { clock, audit: auditTo(audit, log), logger: log },
  );
  const opened = await openFlags(name, provider, deps);
  const control = new FlagControl({ flags: provider });
  return { client: opened.client, source: provider, opened, control };
}

/** Adds what only operators may ask, if there is someone who knows them. */
export function setUpAdmin(
  app: ServiceApp,
  { authenticator, audit }: ServicePorts,
  deps: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly ownLog: LeveledLogger | undefined;
    readonly config: LoadedConfig<unknown>;
    readonly flags: ServiceFlags;
  },
): void {
  if (authenticator === undefined) return;
  const { flags, ...rest } = deps;
  const { source, control } = flags;
  addAdminRoutes(app, {
    ...rest,
    authenticator,
    audit: auditTo(audit, deps.log),
    flags: source,
    flagControl: control,
  });
}

/** Without an audit log, what changes is at least in the log. */
export const auditTo = (audit: AuditTrail | undefined, log: Logger): AuditTrail =>
  audit ?? {
    record: (event) => {
      log.warn({ ...event }, 'not audited: the service has no audit log');
      return Promise.resolve();
    },
  };
