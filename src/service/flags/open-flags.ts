import { randomUUID } from 'node:crypto';
import { type Client, NOOP_PROVIDER, OpenFeature, type Provider } from '@openfeature/server-sdk';
import type { Logger } from '../../telemetry/logger.ts';
import type { FlagMetrics } from './flag-metrics.ts';
import type { FlagSource } from './flag-set-provider.ts';
import { LeasedClient } from './leased-client.ts';

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
 * the default provider stays untouched. The SDK forgets no domain, so a closed one is used again, by the same name.
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
  const domain = freeDomains.get(name)?.pop() ?? newDomain(name);
  try {
    await OpenFeature.setProviderAndWait(domain, provider);
  } catch (error) {
    vacate(domain);
    giveBack(name, domain);
    await provider.onClose?.();
    throw error;
  }
  const lease = new LeasedClient(clientOf(domain, deps.logger));
  const { client } = lease;
  if (deps.metrics !== undefined) client.addHooks(deps.metrics);
  const shown = isSource(provider) ? deps.metrics?.watch(provider) : undefined;
  const close = async (): Promise<void> => {
    shown?.[Symbol.dispose]();
    vacate(domain);
    // What an evaluation under way reads must be of this provider or of none.
    void lease.end(closedClient(deps.logger)).then(() => {
      giveBack(name, domain);
    });
    await provider.onClose?.();
  };
  let closed: Promise<void> | undefined;
  return { client, close: () => (closed ??= close()) };
}

/** A client at once, over a provider that needs no initialising, such as one in memory. */
export function clientOver(name: string, provider: Provider): Client {
  const domain = newDomain(name);
  OpenFeature.setProvider(domain, provider);
  return clientOf(domain, undefined);
}

/** What closed clients become. */
function closedClient(logger: Logger | undefined): Client {
  OpenFeature.setProvider(CLOSED, NOOP_PROVIDER);
  return clientOf(CLOSED, logger);
}

const CLOSED = 'portcullis/closed';

/** By name: domains whose last user has gone. */
const freeDomains = new Map<string, string[]>();

function giveBack(name: string, domain: string): void {
  const free = freeDomains.get(name);
  if (free === undefined) freeDomains.set(name, [domain]);
  else free.push(domain);
}

const newDomain = (name: string): string => `${name}/${randomUUID()}`;

function clientOf(domain: string, logger: Logger | undefined): Client {
  // Without one the SDK writes each failed evaluation to the console.
  const debug = (...args: unknown[]): void => logger?.debug({ args }, 'OpenFeature');
  return OpenFeature.getClient(domain).setLogger({ debug, info: debug, warn: debug, error: debug });
}

/** The SDK closes what is replaced as well, but does not wait for it. */
function vacate(domain: string): void {
  OpenFeature.setProvider(domain, NOOP_PROVIDER);
}

const isSource = (provider: Provider): provider is Provider & FlagSource =>
  'flags' in provider && provider.flags instanceof Map;
