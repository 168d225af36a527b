import { randomUUID } from 'node:crypto';
import { type Client, NOOP_PROVIDER, OpenFeature, type Provider } from '@openfeature/server-sdk';
import type { Logger } from '../../telemetry/logger.ts';
import type { FlagMetrics } from './flag-metrics.ts';
import type { FlagSource } from './flag-set-provider.ts';

export interface OpenFlagsDeps {
  /** What the client's own messages go to, at debug level: metrics count the errors. Default: nowhere. */
  readonly logger?: Logger;
  /** Counts evaluations, and shows the flags of a provider that knows them. */
  readonly metrics?: FlagMetrics;
}

/** A client with its provider, until closed. */
export interface OpenFlags {
  readonly client: Client;
  /** Closes the provider; from then on the client gives the defaults in the code. A second call is harmless. */
  close(): Promise<void>;
}

/**
 * Makes an OpenFeature client over a provider of its own, initialised. The SDK keeps all providers in one object of the process
 * and has no public way to another, so each call takes a domain of its own there: two services never see each other's flags, and
 * the default provider stays untouched.
 *
 * Rejects as the provider's `initialize` does.
 *
 * @param name stands in the domain, for the SDK's events
 */
export async function openFlags(
  name: string,
  provider: Provider,
  deps: OpenFlagsDeps = {},
): Promise<OpenFlags> {
  const domain = newDomain(name);
  try {
    await OpenFeature.setProviderAndWait(domain, provider);
  } catch (error) {
    await leave(domain, provider);
    throw error;
  }
  const client = clientOf(domain, deps.logger);
  if (deps.metrics !== undefined) client.addHooks(deps.metrics);
  const shown = isSource(provider) ? deps.metrics?.watch(provider) : undefined;
  return {
    client,
    close: async () => {
      shown?.[Symbol.dispose]();
      await leave(domain, provider);
    },
  };
}

/** A client at once, over a provider that needs no initialising, such as one in memory. */
export function clientOver(name: string, provider: Provider): Client {
  const domain = newDomain(name);
  OpenFeature.setProvider(domain, provider);
  return clientOf(domain, undefined);
}

const newDomain = (name: string): string => `${name}/${randomUUID()}`;

function clientOf(domain: string, logger: Logger | undefined): Client {
  // Without one the SDK writes each failed evaluation to the console.
  const debug = (...args: unknown[]): void => logger?.debug({ args }, 'OpenFeature');
  return OpenFeature.getClient(domain).setLogger({ debug, info: debug, warn: debug, error: debug });
}

/** The SDK closes what is replaced as well, but does not wait for it. */
async function leave(domain: string, provider: Provider): Promise<void> {
  OpenFeature.setProvider(domain, NOOP_PROVIDER);
  await provider.onClose?.();
}

const isSource = (provider: Provider): provider is Provider & FlagSource =>
  'flags' in provider && provider.flags instanceof Map;
