import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../core/clock.ts';
import { bytesOf, dripped, endless, gzipBomb } from './fault-bodies.ts';
import { type FaultConnections, untilRead } from './fault-connections.ts';

/** What any answer says, good or bad. */
export interface HttpAnswerFields {
  /** Default 200. */
  readonly status?: number;
  /** A list repeats the header; an empty one takes it away. Default: JSON as content-type, the length of the body, the date. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text and bytes are sent as they are, anything else as JSON. Default an empty object. */
  readonly body?: unknown;
  /** Sends the body in chunks that tell no length beforehand. */
  readonly chunked?: boolean;
  /** Waits so long before the first byte. */
  readonly delayMs?: number;
  /** How far the `Date` header is ahead of the clock; negative for behind. */
  readonly dateOffsetMs?: number;
  /** Ends the connection when the answer is out, having promised to keep it alive: a client may be sending the next request. */
  readonly afterwards?: 'close' | 'reset';
}

/** An answer, and what is wrong with it. Without `fault` it is sent as it stands. */
export type HttpFault = HttpAnswerFields &
  (
    | { readonly fault?: undefined }
    /** Nothing more comes, the connection ends with TCP's reset, or it is closed as if all were well. `in-body`: after half of the body. */
    | {
        readonly fault: 'hang' | 'reset' | 'close';
        readonly at: 'before-headers' | 'after-headers' | 'in-body';
      }
    /** Claims this length, sends the whole body, and leaves the connection open. */
    | { readonly fault: 'wrong-length'; readonly contentLength: number }
    /** The body comes in pieces of so many bytes. */
    | { readonly fault: 'drip'; readonly bytes: number; readonly everyMs: number }
    /** The body again and again, without end; as fast as it is read unless `everyMs` says otherwise. */
    | { readonly fault: 'endless'; readonly everyMs?: number }
    /** Zeros, compressed about a thousand times; the sender's memory stays flat. */
    | { readonly fault: 'gzip-bomb'; readonly inflatedBytes: number }
    /** These bytes instead of an HTTP answer, and the connection is closed. */
    | { readonly fault: 'raw'; readonly bytes: string | Uint8Array }
  );

interface Deps {
  readonly clock: Clock;
  readonly connections: FaultConnections;
}

/** Answers one request. Returns when there is nothing more to do, or the client has gone. */
export async function answerHttp(fault: HttpFault, response: ServerResponse, deps: Deps): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  response.on('error', () => undefined);
  const { delayMs = 0 } = fault;
  try {
    if (delayMs > 0) await deps.clock.sleep(delayMs, gone.signal);
    await send(fault, response, { ...deps, signal: gone.signal });
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}

async function send(
  fault: HttpFault,
  response: ServerResponse,
  deps: Deps & { signal: AbortSignal },
): Promise<void> {
  const { socket } = response;
  if (socket === null) return;
  const body = bytesOf(fault.body ?? {});
  endAfterwards(fault, response, socket, deps);
  switch (fault.fault) {
    case undefined:
      writeHead(fault, response, deps.clock, body.length);
      response.end(body);
      return;
    case 'hang':
    case 'reset':
    case 'close':
      if (fault.at !== 'before-headers') {
        writeHead(fault, response, deps.clock, body.length);
        response.flushHeaders();
        if (fault.at === 'in-body') response.write(body.subarray(0, Math.ceil(body.length / 2)));
        await untilRead(deps.clock);
      }
      if (fault.fault === 'reset') deps.connections.reset(socket);
      if (fault.fault === 'close') socket.end();
      return;
    case 'wrong-length':
      writeHead(fault, response, deps.clock, fault.contentLength);
      response.end(body);
      return;
    case 'drip':
      writeHead(fault, response, deps.clock, body.length);
      await pipeline(dripped(body, fault, deps), response);
      return;
    case 'endless':
      writeHead(fault, response, deps.clock);
      await pipeline(endless(body, fault.everyMs ?? 0, deps), response);
      return;
    case 'gzip-bomb':
      writeHead(
        { ...fault, headers: { 'content-encoding': 'gzip', ...fault.headers } },
        response,
        deps.clock,
      );
      await pipeline(gzipBomb(fault.inflatedBytes), response);
      return;
    case 'raw':
      socket.end(fault.bytes);
  }
}

/** Without a length the body is sent in chunks. */
function writeHead(fault: HttpFault, response: ServerResponse, clock: Clock, length?: number): void {
  const { status = 200, headers = {}, dateOffsetMs = 0, chunked = false } = fault;
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const all: Record<string, string | string[]> = {};
  if (!given.has('content-type')) all['content-type'] = 'application/json';
  if (!given.has('date')) all['date'] = new Date(clock.nowMs() + dateOffsetMs).toUTCString();
  if (length !== undefined && !chunked && !given.has('content-length')) all['content-length'] = `${length}`;
  for (const [name, value] of Object.entries(headers)) {
    all[name] = typeof value === 'string' ? value : [...value];
  }
  response.sendDate = false;
  response.writeHead(status, all);
}

function endAfterwards(
  { afterwards }: HttpFault,
  response: ServerResponse,
  socket: Duplex,
  { clock, connections }: Deps,
): void {
  if (afterwards === undefined) return;
  response.once('finish', () => {
    if (afterwards === 'close') socket.end();
    else
      void untilRead(clock).then(() => {
        connections.reset(socket);
      });
  });
}
