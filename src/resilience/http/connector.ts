import { type LookupFunction, type Socket, connect as connectTcp, isIP } from 'node:net';
import { type SecureContext, connect as connectTls } from 'node:tls';
import type { buildConnector } from 'undici';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/message-of.ts';
import type { AddressGuard } from './address-guard.ts';
import type { DnsCache, ResolvedAddress } from './dns-cache.ts';

/** A connection that was not made because of where it would have led. */
export class RefusedAddress extends Error {
  readonly address: string;

  constructor(address: string) {
    super(`${address} is not a public address`);
    this.address = address;
  }
}

export interface ConnectorOptions {
  readonly connectTimeoutMs: number;
  readonly allowH2: boolean;
  readonly secureContext: SecureContext;
  /** Asked for, and looked for in the certificate, instead of the name in the URL. */
  readonly servername: string | undefined;
}

export interface ConnectorDeps {
  readonly clock: Clock;
  readonly guard: AddressGuard;
  readonly dns: DnsCache;
}

/** Without data for so long, TCP asks whether the other side is still there. */
const PROBE_AFTER_MS = 60_000;

/** Makes the connections of a pool: guarded, with addresses in turn, and none that is tried for longer than its time. */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #deps: ConnectorDeps;
  readonly #connecting = new Set<Socket>();
  /** True in the tick in which a connection breaks: undici takes that for the end of a body without a length. */
  isBreaking = false;

  constructor(options: ConnectorOptions, deps: ConnectorDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** What undici calls for a new connection. */
  readonly connect = (target: buildConnector.Options, callback: buildConnector.Callback): void => {
    const attempt = new Attempt(callback);
    const { connectTimeoutMs } = this.#options;
    const timer = this.#deps.clock.deadline(connectTimeoutMs, () => {
      const message = `no connection to ${target.hostname} within ${connectTimeoutMs} ms`;
      attempt.fail(Object.assign(new Error(message), { code: 'ETIMEDOUT' }));
    });
    attempt.onEnd = () => {
      timer[Symbol.dispose]();
    };
    this.#addresses(target.hostname).then(
      (addresses) => {
        if (!attempt.isOver) this.#open(target, addresses, attempt);
      },
      (error: unknown) => {
        attempt.fail(asError(error));
      },
    );
  };

  /** Ends what is still being connected. */
  close(): void {
    for (const socket of this.#connecting) socket.destroy();
  }

  async #addresses(hostname: string): Promise<readonly ResolvedAddress[]> {
    const { guard, dns } = this.#deps;
    const family = isIP(hostname);
    const found: readonly ResolvedAddress[] =
      family === 0 ? await dns.addresses(hostname) : [{ address: hostname, family: family === 4 ? 4 : 6 }];
    const allowed = found.filter(({ address }) => guard.allows(address));
    if (allowed.length > 0) return allowed;
    throw new RefusedAddress(found.map(({ address }) => address).join(', '));
  }

  #open(
    { hostname, protocol, port }: buildConnector.Options,
    addresses: readonly ResolvedAddress[],
    attempt: Attempt,
  ): void {
    const isSecure = protocol === 'https:';
    const options = {
      host: hostname,
      port: Number(port === '' ? (isSecure ? 443 : 80) : port),
      lookup: given(addresses),
      autoSelectFamily: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_AFTER_MS,
    };
    const { allowH2, secureContext } = this.#options;
    const servername = this.#options.servername ?? (isIP(hostname) === 0 ? hostname : undefined);
    const socket = isSecure
      ? connectTls({
          ...options,
          secureContext,
          rejectUnauthorized: true, // said, or NODE_TLS_REJECT_UNAUTHORIZED decides
          ALPNProtocols: allowH2 ? ['h2', 'http/1.1'] : ['http/1.1'],
          ...(servername === undefined ? {} : { servername }),
        })
      : connectTcp(options);
    this.#connecting.add(socket);
    attempt.socket = socket;
    const isNamed = isIP(hostname) === 0;
    const end = (error: Error): void => {
      if (!this.#connecting.delete(socket)) return;
      if (isNamed) this.#deps.dns.failed(hostname, triedBy(socket, addresses));
      attempt.fail(error);
    };
    socket
      .once(isSecure ? 'secureConnect' : 'connect', () => {
        this.#connecting.delete(socket);
        if (isNamed) this.#took(hostname, socket, addresses);
        attempt.succeed(socket);
      })
      .on('error', (error: Error) => {
        if (this.#connecting.has(socket)) end(error);
        else this.#breaks();
      })
      .once('close', () => {
        end(new Error('the connection was closed'));
      });
  }

  #breaks(): void {
    this.isBreaking = true;
    queueMicrotask(() => {
      this.isBreaking = false;
    });
  }

  #took(hostname: string, socket: Socket, addresses: readonly ResolvedAddress[]): void {
    const { dns } = this.#deps;
    const { remoteAddress } = socket;
    const inVain = triedBy(socket, addresses).filter((address) => address !== remoteAddress);
    if (addresses.length > 1 && inVain.length > 0) dns.failed(hostname, inVain);
    if (remoteAddress !== undefined) dns.worked(hostname, remoteAddress);
  }
}

/** The addresses that a socket has tried, of those it was given. */
function triedBy(socket: Socket, addresses: readonly ResolvedAddress[]): string[] {
  // Undefined where there was but one.
  const tried = socket.autoSelectFamilyAttemptedAddresses as string[] | undefined;
  return addresses
    .map(({ address }) => address)
    .filter((address) => tried?.some((one) => one.startsWith(`${address}:`)) ?? true);
}

/** One connection on its way: its callback is called once, and what comes too late is destroyed. */
class Attempt {
  readonly #callback: buildConnector.Callback;
  isOver = false;
  socket: Socket | undefined;
  onEnd: () => void = () => undefined;

  constructor(callback: buildConnector.Callback) {
    this.#callback = callback;
  }

  succeed(socket: Socket): void {
    if (this.#end()) this.#callback(null, socket);
  }

  fail(error: Error): void {
    if (!this.#end()) return;
    this.socket?.destroy();
    this.#callback(error, null);
  }

  #end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.onEnd();
    return true;
  }
}

/** What `net.connect` asks for addresses: it gets those that have been found and judged, and no others. */
const given =
  (addresses: readonly ResolvedAddress[]): LookupFunction =>
  (_hostname, _options, callback) => {
    callback(null, [...addresses]);
  };

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(messageOf(error)));
