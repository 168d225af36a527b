import { lookup as dnsLookup } from 'node:dns';
import type { Agent } from 'node:http';
import { type LookupFunction, isIP } from 'node:net';
import WebSocket from 'ws';
import type { Clock } from '../../core/clock.ts';
import { errorText } from '../../telemetry/error-text.ts';
import { AddressGuard } from '../http/address-guard.ts';
import { secureContextOf } from '../tls-options.ts';
import { retryAfterMs } from '../retry-after.ts';
import type { FeedConnect, FeedSocket, FeedSocketEnd, FeedSocketListener } from './feed-socket.ts';
import type { FeedSocketSettings } from './socket-options.ts';

export interface WebSocketDeps {
  readonly clock: Clock;
  /** Makes the connections, such as through a proxy; addresses are then the proxy's to judge. */
  readonly agent?: Agent | undefined;
  /** Resolves names. Default: that of Node. */
  readonly lookup?: LookupFunction | undefined;
}

/** Statuses of a handshake that say nothing against asking again soon. */
const TRANSIENT = new Set([408, 425, 429]);

/**
 * Sockets by `ws`. Redirects are not followed; a server's certificate is always verified.
 *
 * @throws {PortcullisError} `OPTION_INVALID` for certificates and keys that are none
 */
export function webSockets(settings: FeedSocketSettings, deps: WebSocketDeps): FeedConnect {
  const guard = new AddressGuard(settings.allowPrivateAddresses);
  const lookup = guardedLookup(guard, deps.lookup ?? dnsLookup);
  const { servername } = settings.tls;
  const options = {
    ...(servername === undefined ? {} : { servername }),
    secureContext: secureContextOf('feed: socket', settings.tls),
    rejectUnauthorized: true, // said, or NODE_TLS_REJECT_UNAUTHORIZED decides
    headers: settings.headers,
    maxPayload: settings.maxPayloadBytes,
    perMessageDeflate: settings.compression,
    followRedirects: false,
    ...(deps.agent === undefined ? { lookup } : { agent: deps.agent }),
  };
  return (url, listener) => {
    const { protocol, hostname } = new URL(url);
    if (protocol !== 'ws:' && protocol !== 'wss:') throw new TypeError('expected ws: or wss:');
    const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    // A literal address is never looked up.
    if (deps.agent === undefined && isIP(host) !== 0 && !guard.allows(host))
      return refusedSocket(host, listener);

    const socket = new WebSocket(url, options);
    let end: FeedSocketEnd | undefined;
    let isOpen = false;
    socket.on('open', () => {
      isOpen = true;
      listener.opened();
    });
    socket.on('message', (data: Buffer, isBinary) => {
      listener.frame(isBinary ? data : data.toString('utf8'));
    });
    socket.on('pong', () => {
      listener.pong();
    });
    socket.on('unexpected-response', (request, response) => {
      end = refusal(response.statusCode ?? 0, response.headers['retry-after'], deps.clock.nowMs());
      response.resume();
      request.destroy();
      socket.terminate();
    });
    socket.on('error', (error) => {
      end ??= { because: isOpen ? 'closed' : 'connect-failed', detail: errorText(error) };
    });
    socket.on('close', (code, reason) => {
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      listener.ended(end ?? { because: 'closed', detail: closeText(code, reason) });
    });
    return {
      send: (frame) => {
        socket.send(frame, () => undefined);
      },
      ping: () => {
        if (socket.readyState === WebSocket.OPEN) socket.ping();
      },
      close: () => {
        socket.close(1000);
      },
      terminate: () => {
        socket.terminate();
      },
    };
  };
}

const notAllowed = (address: string): string => `${address} may not be asked, as it is not a public address`;

/** It ends before it was anything. */
function refusedSocket(address: string, listener: FeedSocketListener): FeedSocket {
  queueMicrotask(() => {
    listener.ended({ because: 'connect-failed', detail: notAllowed(address) });
  });
  const nothing = (): void => undefined;
  return { send: nothing, ping: nothing, close: nothing, terminate: nothing };
}

function refusal(status: number, retryAfter: string | undefined, nowMs: number): FeedSocketEnd {
  const isRefused = status >= 400 && status < 500 && !TRANSIENT.has(status);
  return {
    because: isRefused ? 'refused' : 'connect-failed',
    detail: `the handshake was answered with status ${status}`,
    retryAfterMs: retryAfterMs(retryAfter, nowMs),
  };
}

const closeText = (code: number, reason: Buffer): string =>
  reason.length === 0
    ? `closed with code ${code}`
    : `closed with code ${code}: ${errorText(reason.toString('utf8'))}`;

/** Answers with the addresses that the guard allows, and with an error when none is left. */
function guardedLookup(guard: AddressGuard, lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const all = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found;
      const allowed = all.filter(({ address }) => guard.allows(address));
      const first = allowed[0];
      if (first === undefined) {
        callback(new Error(notAllowed(all[0]?.address ?? hostname)), []);
      } else if (options.all === true) {
        callback(null, allowed);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}
