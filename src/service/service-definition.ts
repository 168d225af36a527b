import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import type { DependencyOptions } from './health/dependencies.ts';
import type { ServiceApp } from './http/http-server.ts';
import type { NoConfig, ServiceConfigOptions } from './service-config.ts';
import { type ServiceSettings, serviceIdentity, serviceSettings } from './service-settings.ts';

const optionsSchema = z.strictObject({ ...serviceIdentity, ...serviceSettings.shape });

/** Name, version and settings of a service. @interface */
export type ChassisOptions = z.input<typeof optionsSchema>;

/** Settings of the chassis, and where the configuration comes from. */
export type ServiceOptions<S extends z.ZodObject = NoConfig> = ChassisOptions & ServiceConfigOptions<S>;

/** What `onStart` gets. */
export interface StartContext {
  /** Aborts when the end of the service begins. */
  readonly signal: AbortSignal;
  /**
   * Takes over something that was opened, and gives it back: it is watched, brought back when it fails, and closed at the
   * end, the last opened first.
   *
   * @throws {PortcullisError} `OPTION_INVALID`, also when the name is taken
   */
  readonly use: <T>(name: string, dependency: T, options?: DependencyOptions) => T;
}

/** What a service does at its turning points. All of it is optional. */
export interface ServiceHooks {
  /** Opens what the service needs. Until it is done `/ready` and the service's own routes answer 503. */
  readonly onStart?: ((context: StartContext) => void | Promise<void>) | undefined;
  /** Adds routes, with all that Fastify offers. Runs once, before the service listens. */
  readonly routes?: ((app: ServiceApp) => void | Promise<void>) | undefined;
  /** The end has begun: takes on nothing new. HTTP still answers everything, `/ready` says 503. */
  readonly onDrain?: (() => void | Promise<void>) | undefined;
  /** Requests and background work are over: closes what `use` does not close. Runs once if `onStart` was begun, also when that failed. */
  readonly onStop?: (() => void | Promise<void>) | undefined;
}

export type ServiceDefinition<S extends z.ZodObject = NoConfig> = ServiceOptions<S> & ServiceHooks;

export interface ParsedDefinition<S extends z.ZodObject> {
  readonly name: string;
  readonly version: string;
  readonly healthCacheMs: number;
  /** With the defaults filled in: what counts until the configuration is read. */
  readonly settings: ServiceSettings;
  /** As they were given. */
  readonly given: z.input<typeof serviceSettings>;
  readonly configOptions: ServiceConfigOptions<S>;
  readonly hooks: ServiceHooks;
}

/** @throws {PortcullisError} `OPTION_INVALID` */
export function parseDefinition<S extends z.ZodObject>(
  definition: ServiceDefinition<S>,
): ParsedDefinition<S> {
  const { onStart, routes, onDrain, onStop, ...options } = definition;
  const { config, profile, profiles, configFile, envFile, aliases, ...rest } = options;
  const input = rest as z.input<typeof optionsSchema>;
  const { name, version, healthCacheMs, ...settings } = parseOptions('service', optionsSchema, input);
  const { name: _, version: __, healthCacheMs: ___, ...given } = input;
  if (config?.shape['service'] !== undefined) {
    throw new PortcullisError(
      'OPTION_INVALID',
      'service: config.service: expected another name: this section is that of the chassis',
    );
  }
  return {
    ...{ name, version, healthCacheMs, settings, given },
    configOptions: { config, profile, profiles, configFile, envFile, aliases },
    hooks: { onStart, routes, onDrain, onStop },
  };
}
