import { isIP } from 'node:net';
import { Agent, Pool, ProxyAgent } from 'undici';
import type { Clock } from '../../core/clock.ts';
import { isAborted } from '../call-within.ts';
import type { Call } from '../call.ts';
import { type Failure, aborted } from '../failure.ts';
import { type Outcome, failed } from '../outcome.ts';
import { secureContextOf } from '../tls-options.ts';
import { AddressGuard } from './address-guard.ts';
import { Connector } from './connector.ts';
import { ACCEPTED_CODINGS } from './content-coding.ts';
import { DnsCache, type Lookup } from './dns-cache.ts';
import { Exchange, type ExchangeRules } from './exchange.ts';
import { addressRefused, closedFailure, requestFailure } from './http-failure.ts';
import type { HttpAnswer, HttpRequest } from './http-message.ts';
import { originProblem, requestProblem } from './request-check.ts';
import { type TransportOptions, type TransportSettings, transportSettings } from './transport-options.ts';

export type { Lookup, ResolvedAddress } from './dns-cache.ts';
export type { HttpAnswer, HttpHeaders, HttpRequest } from './http-message.ts';
export type { TlsOptions, TransportOptions } from './transport-options.ts';

export interface TransportDeps {
  readonly clock: Clock;
  /** Default: the resolver of the system. */
  readonly lookup?: Lookup | undefined;
}

/** How an {@link HttpTransport} stands. */
export interface TransportStats {
  /** Requests without an outcome yet. */
  readonly inFlight: number;
  /** Of these, those that wait for a connection. */
  readonly waiting: number;
  /** Open connections, all origins together. */
  readonly connected: number;
  /** Of these, those that are idle. */
  readonly idle: number;
}

/** Origins that have been judged; more are judged each time. */
const MAX_JUDGED = 1_000;

/**
 * HTTP over pools of connections, one pool per origin. Whatever happens becomes a value that says how far the request had
 * come, whether it may be sent again, and what it says of the upstream. Redirects are not followed, private addresses not
 * asked, answers not taken beyond their limit; a request is never repeated here.
 */
export class HttpTransport implements AsyncDisposable {
  /** The most per origin at a time. */
  readonly connections: number;
  readonly #rules: ExchangeRules;
  readonly #guard: AddressGuard;
  readonly #connector: Connector;
  readonly #dispatcher: Agent | ProxyAgent;
  readonly #isProxied: boolean;
  readonly #pools = new Set<Pool>();
  /** The newest of each origin. The agent closes it when its last connection has ended, and makes another when asked. */
  readonly #poolOf = new Map<string, Pool>();
  readonly #judged = new Map<string, Failure | undefined>();
  #closing: Promise<void> | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID`, also for certificates and keys that are none */
  constructor(options: TransportOptions, { clock, lookup }: TransportDeps) {
    const settings = transportSettings(options);
    const { maxResponseBytes, silenceTimeoutMs, connectTimeoutMs, allowH2, tls, proxyUrl } = settings;
    this.#guard = new AddressGuard(settings.allowPrivateAddresses);
    const dns = new DnsCache(settings.dnsTtlMs, clock, lookup);
    this.#connector = new Connector(
      {
        connectTimeoutMs,
        allowH2,
        secureContext: secureContextOf('HttpTransport', tls),
        servername: tls.servername,
      },
      { clock, guard: this.#guard, dns },
    );
    this.connections = settings.connections;
    this.#rules = { clock, maxResponseBytes, silenceTimeoutMs, connections: this.#connector, inFlight: 0 };
    const pooling = poolOptions(settings);
    const factory = (origin: string | URL, given: Pool.Options): Pool => this.#newPool(origin, given);
    this.#isProxied = proxyUrl !== undefined;
    this.#dispatcher =
      proxyUrl === undefined
        ? new Agent({ ...pooling, connect: this.#connector.connect, factory })
        : new ProxyAgent({
            ...pooling,
            uri: proxyUrl,
            connectTimeout: connectTimeoutMs,
            requestTls: { ...defined(tls), allowH2, rejectUnauthorized: true },
            proxyTls: { rejectUnauthorized: true },
            factory,
          });
  }

  /**
   * Sends a request once. Never throws: a request that is none comes back as `WORK_FAILED` with an `OPTION_INVALID`, and
   * nothing of it is sent. An abort of the call's signal ends it within the tick, and its connection with it.
   */
  send(request: HttpRequest, call: Call): Promise<Outcome<HttpAnswer>> {
    const refusal = this.#refusal(request, call);
    if (refusal !== undefined) return Promise.resolve(failed(refusal));
    const exchange = new Exchange(request, call, this.#rules);
    const { origin, path, method, body } = request;
    const options = { origin, path, method, body: body ?? null, headers: headersOf(request) };
    try {
      this.#dispatcherOf(origin).dispatch(options, exchange);
    } catch (error) {
      exchange.fail(error);
    }
    return exchange.outcome;
  }

  /** Ends all connections. What is in flight, and what comes later, is `ABORTED` with a reason of `SERVICE_STOPPED`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  stats(): TransportStats {
    const total = { inFlight: this.#rules.inFlight, waiting: 0, connected: 0, idle: 0 };
    for (const pool of this.#pools) {
      const { pending, connected, running } = pool.stats;
      total.waiting += pending;
      total.connected += connected;
      total.idle += connected - Math.min(running, connected);
    }
    return total;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#connector.close();
    await this.#dispatcher.destroy();
    this.#pools.clear();
  }

  #refusal(request: HttpRequest, call: Call): Failure | undefined {
    if (isAborted(call)) return aborted(call.signal);
    if (this.#closing !== undefined) return closedFailure();
    const problem = requestProblem(request);
    if (problem !== undefined) return requestFailure(problem);
    const { origin } = request;
    if (this.#judged.has(origin)) return this.#judged.get(origin);
    const verdict = this.#verdictOn(origin);
    if (this.#judged.size < MAX_JUDGED) this.#judged.set(origin, verdict);
    return verdict;
  }

  #verdictOn(origin: string): Failure | undefined {
    const problem = originProblem(origin);
    if (problem !== undefined) return requestFailure(problem);
    // Without a proxy the connector judges every address that it is about to connect to.
    if (!this.#isProxied) return undefined;
    const address = new URL(origin).hostname.replace(/^\[(.*)\]$/u, '$1');
    if (isIP(address) === 0 || this.#guard.allows(address)) return undefined;
    return addressRefused(address, 'private-address');
  }

  /** Past the agent where that would only find the pool, which costs it as much as all the rest of a request here. */
  #dispatcherOf(origin: string): Pool | Agent | ProxyAgent {
    const pool = this.#isProxied ? undefined : this.#poolOf.get(origin);
    return pool === undefined || pool.closed || pool.destroyed ? this.#dispatcher : pool;
  }

  #newPool(origin: string | URL, options: Pool.Options): Pool {
    for (const pool of this.#pools) if (pool.closed) this.#pools.delete(pool);
    for (const [name, pool] of this.#poolOf) if (pool.closed) this.#poolOf.delete(name);
    const pool = new Pool(origin, options);
    this.#pools.add(pool);
    this.#poolOf.set(String(origin), pool);
    return pool;
  }
}

const poolOptions = (settings: TransportSettings) => ({
  connections: settings.connections,
  pipelining: 1,
  allowH2: settings.allowH2,
  keepAliveTimeout: settings.keepAliveMs,
  clientTtl: settings.connectionMaxAgeMs,
  headersTimeout: settings.silenceTimeoutMs,
  bodyTimeout: settings.silenceTimeoutMs,
  maxHeaderSize: settings.maxHeaderBytes,
});

/** Name, value, name, value: what undici takes without copying it again. */
function headersOf({ headers }: HttpRequest): string[] {
  const list: string[] = [];
  let saysWhatItTakes = false;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    if (name.length === 15 && name.toLowerCase() === 'accept-encoding') saysWhatItTakes = true;
    list.push(name, value);
  }
  if (!saysWhatItTakes) list.push('accept-encoding', ACCEPTED_CODINGS);
  return list;
}

/** The same without what is undefined, which not everybody takes for absent. */
type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

const defined = <T extends object>(options: T): Defined<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
