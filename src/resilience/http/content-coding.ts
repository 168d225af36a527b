import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { Failure } from '../failure.ts';
import { type Outcome, failed, success } from '../outcome.ts';

/** What we say that we can undo. Not zstd: Node 22 takes a body of it that was cut off for a whole one. */
export const ACCEPTED_CODINGS = 'gzip, deflate, br';

interface Limits {
  readonly maxOutputLength: number;
  readonly finishFlush?: number;
}

interface Codec {
  readonly now: (wire: Buffer, limits: Limits) => Buffer;
  readonly later: (wire: Buffer, limits: Limits) => Promise<Buffer>;
  /** The flush that gives what there is of a stream which has been cut off. */
  readonly flush: number;
}

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;

const GZIP: Codec = {
  now: zlib.gunzipSync,
  later: promisify<Buffer, Limits, Buffer>(zlib.gunzip),
  flush: Z_SYNC_FLUSH,
};
const ZLIB: Codec = {
  now: zlib.inflateSync,
  later: promisify<Buffer, Limits, Buffer>(zlib.inflate),
  flush: Z_SYNC_FLUSH,
};
/** `deflate` without its frame. */
const RAW: Codec = {
  now: zlib.inflateRawSync,
  later: promisify<Buffer, Limits, Buffer>(zlib.inflateRaw),
  flush: Z_SYNC_FLUSH,
};
const BROTLI: Codec = {
  now: zlib.brotliDecompressSync,
  later: promisify<Buffer, Limits, Buffer>(zlib.brotliDecompress),
  flush: BROTLI_OPERATION_FLUSH,
};

/** Up to here a body is inflated in place, in well under a millisecond; a larger one goes to the thread pool. */
const IN_PLACE_BYTES = 256 * 1024;

/**
 * Undoes the `content-encoding` of a body. Inflating stops at the limit, whatever the ratio promises.
 *
 * @param coding the header; one coding, for nobody needs two
 * @param limitBytes the most that the content may have
 */
export function decodedBody(
  wire: Buffer,
  coding: string | string[] | undefined,
  limitBytes: number,
): Outcome<Buffer> | Promise<Outcome<Buffer>> {
  // An answer to HEAD, or one without content, names the coding of what is not there.
  if (coding === undefined || wire.length === 0 || isPlain(coding)) return success(wire);
  const name = nameOf(coding);
  const codec = codecOf(name, wire);
  if (codec === undefined)
    return failed(undecodable('encoding', `unknown content-encoding ${name.slice(0, 40)}`));
  if (wire.length > IN_PLACE_BYTES) return decodedLater(codec, name, wire, limitBytes);
  try {
    return success(codec.now(wire, { maxOutputLength: Math.min(limitBytes, IN_PLACE_BYTES) }));
  } catch (error) {
    if (isTooLarge(error) && limitBytes > IN_PLACE_BYTES) return decodedLater(codec, name, wire, limitBytes);
    return failed(decodingFailure(error, name, limitBytes));
  }
}

/** The beginning of a body that only people look at: as much of it as can be had, nothing where that is none. */
export function decodedExcerpt(wire: Buffer, coding: string | string[] | undefined): Buffer {
  const codec = codecOf(nameOf(coding), wire);
  if (codec === undefined) return isPlain(coding) ? wire : NOTHING;
  try {
    return codec.now(wire, { maxOutputLength: IN_PLACE_BYTES, finishFlush: codec.flush });
  } catch {
    return NOTHING;
  }
}

const NOTHING = Buffer.alloc(0);

const nameOf = (coding: string | string[] | undefined): string =>
  coding === undefined ? '' : String(coding).trim().toLowerCase();

const isPlain = (coding: string | string[] | undefined): boolean => {
  const name = nameOf(coding);
  return name === '' || name === 'identity';
};

async function decodedLater(
  codec: Codec,
  name: string,
  wire: Buffer,
  limitBytes: number,
): Promise<Outcome<Buffer>> {
  try {
    return success(await codec.later(wire, { maxOutputLength: limitBytes }));
  } catch (error) {
    return failed(decodingFailure(error, name, limitBytes));
  }
}

function codecOf(name: string, wire: Buffer): Codec | undefined {
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      return GZIP;
    case 'br':
      return BROTLI;
    case 'deflate':
      return hasZlibHeader(wire) ? ZLIB : RAW;
    default:
      return undefined;
  }
}

/** RFC 1950: method 8, and the first two bytes a multiple of 31. Some servers leave this frame away. */
const hasZlibHeader = (wire: Buffer): boolean =>
  wire.length >= 2 && ((wire[0] ?? 0) & 0x0f) === 8 && wire.readUInt16BE(0) % 31 === 0;

const isTooLarge = (error: unknown): boolean => codeOf(error) === 'ERR_BUFFER_TOO_LARGE';

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

function decodingFailure(error: unknown, name: string, limitBytes: number): Failure {
  if (isTooLarge(error)) return tooLarge(limitBytes);
  if (codeOf(error) === 'Z_BUF_ERROR') return undecodable('truncated', `the ${name} stream ends too early`);
  return undecodable('encoding', `not a valid ${name} stream`);
}

const undecodable = (because: 'truncated' | 'encoding', detail: string): Failure => ({
  code: 'RESPONSE_INVALID',
  upstream: 'failing',
  mayRetry: false,
  because,
  detail,
});

export const tooLarge = (limitBytes: number): Failure => ({
  code: 'RESPONSE_TOO_LARGE',
  upstream: 'alive',
  mayRetry: false,
  limitBytes,
});
