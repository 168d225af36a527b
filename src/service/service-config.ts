import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { PortcullisError } from '../core/errors.ts';
import type { PartialConfig } from './config/config-options.ts';
import { loadConfig } from './config/load-config.ts';
import type { LoadedConfig } from './config/loaded-config.ts';
import type { ServicePorts } from './service-ports.ts';
import { type ServiceSettings, serviceSettings } from './service-settings.ts';

/** Of a service that has no configuration of its own. */
const noConfig = z.strictObject({});
/** @useDeclaredType */
export type NoConfig = typeof noConfig;

/** Where the configuration of a service comes from, besides environment and constructor. */
export interface ServiceConfigOptions<S extends z.ZodObject = NoConfig> {
  /**
   * Schema of what the service itself wants to know, a `z.strictObject`. Its fields are read from the environment as
   * `QUOTES_POLL_MS`; those of the chassis stand in section `service`: `QUOTES_SERVICE__PORT`, or `PORT`.
   */
  readonly config?: S | undefined;
  /** `light`, `heavy` or one of `profiles`; `QUOTES_PROFILE` in the environment is stronger. Default: none. */
  readonly profile?: string | undefined;
  readonly profiles?: Readonly<Record<string, PartialConfig<z.input<S>>>> | undefined;
  /** A JSON file that must be there. Default: none. */
  readonly configFile?: string | undefined;
  /** A `.env` file that must be there. Default: none. */
  readonly envFile?: string | undefined;
  /** Further names of variables, each with the path of its field. `PORT` and `LOG_LEVEL` are known. */
  readonly aliases?: Readonly<Record<string, string>> | undefined;
}

const ALIASES = { PORT: 'service.port', LOG_LEVEL: 'service.logLevel' };

export interface ServiceConfig<S extends z.ZodObject> {
  readonly settings: ServiceSettings;
  readonly own: z.output<S>;
  readonly loaded: LoadedConfig<unknown>;
}

/**
 * Reads settings and configuration of a service, from the weakest source to the strongest.
 *
 * @param defaults what the constructor was given
 * @throws {PortcullisError} `CONFIG_INVALID` with every issue and its source
 */
export async function loadServiceConfig<S extends z.ZodObject>(
  name: string,
  defaults: z.input<typeof serviceSettings>,
  options: ServiceConfigOptions<S>,
  deps: Pick<ServicePorts, 'env' | 'vault' | 'overrides'> & {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly onError: (error: PortcullisError) => void;
  },
): Promise<ServiceConfig<S>> {
  const { config = noConfig, profile, profiles, configFile, envFile, aliases } = options;
  const { env = process.env, vault, overrides, clock, signal, onError } = deps;
  const schema: z.ZodObject = config.safeExtend({ service: serviceSettings.prefault({}) });
  const loaded = await loadConfig(
    schema,
    {
      name,
      defaults: { service: defaults },
      aliases: { ...ALIASES, ...aliases },
      ...(profile !== undefined && { profile }),
      ...(profiles !== undefined && { profiles }),
      ...(configFile !== undefined && { file: configFile }),
      ...(envFile !== undefined && { envFile }),
      ...(overrides !== undefined && { overrides }),
    },
    { env, clock, signal, onError, ...(vault !== undefined && { vault }) },
  );
  const { service, ...own } = loaded.value;
  return { settings: service as ServiceSettings, own: own as z.output<S>, loaded };
}
