import { constants, crc32, deflateRawSync, gzipSync } from 'node:zlib';
import type { Clock } from '../core/clock.ts';

const MEBIBYTE = 2 ** 20;

/** No name, no time; deflate. */
const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff]);

/** Text and bytes as they are, anything else as JSON. */
export function bytesOf(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/**
 * A valid gzip stream of zeros, about a thousand times smaller than what it inflates to. One compressed mebibyte is sent
 * again and again, so that the memory of the sender stays flat; its processor only sums the zeros up, about a millisecond
 * per mebibyte.
 */
export function* gzipBomb(inflatedBytes: number): Generator<Buffer> {
  const zeros = Buffer.alloc(MEBIBYTE);
  // After a full flush nothing refers back, so the same bytes may follow themselves.
  const block = deflateRawSync(zeros, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  let crc = 0;
  let leftBytes = inflatedBytes;
  yield GZIP_HEAD;
  for (; leftBytes >= MEBIBYTE; leftBytes -= MEBIBYTE) {
    crc = crc32(zeros, crc);
    yield block;
  }
  const rest = zeros.subarray(0, leftBytes);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(rest, crc), 0);
  tail.writeUInt32LE(inflatedBytes % 2 ** 32, 4);
  yield Buffer.concat([deflateRawSync(rest), tail]);
}

/** Gzip of the body with its checksum broken: it inflates to the end, and is wrong. */
export function corruptGzip(body: unknown): Buffer {
  const bytes = gzipSync(bytesOf(body));
  const at = bytes.length - 8;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  return bytes;
}

/** `bytes` of it each `everyMs`. */
export async function* dripped(
  body: Buffer,
  { bytes, everyMs }: { bytes: number; everyMs: number },
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += bytes) {
    if (at > 0) await clock.sleep(everyMs, signal);
    yield body.subarray(at, at + bytes);
  }
}

/** The same chunk for ever, one each `everyMs`. */
export async function* endless(
  chunk: Buffer,
  everyMs: number,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  for (;;) {
    yield chunk;
    if (everyMs > 0) await clock.sleep(everyMs, signal);
  }
}
