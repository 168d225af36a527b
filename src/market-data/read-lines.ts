import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PortcullisError } from '../core/errors.ts';
import { atLine } from './input-error.ts';
import { LineSplitter } from './line-splitter.ts';

/** About a thousand messages: large enough that awaiting each chunk costs nothing, small enough to forget. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Streams the lines of a file, many at a time; gunzips on the way when the name ends in `.gz`.
 *
 * @param hash is fed with the uncompressed bytes
 * @throws {PortcullisError} `FILE_UNREADABLE`; `INPUT_INVALID` when the gzip data is damaged or cut short
 */
export async function* readLines(path: string, hash: Hash): AsyncGenerator<readonly string[]> {
  const splitter = new LineSplitter();
  let line = 0;
  try {
    for await (const chunk of open(path)) {
      hash.update(chunk);
      const lines = splitter.push(chunk);
      line += lines.length;
      if (lines.length > 0) yield lines;
    }
  } catch (cause) {
    throw readError(path, line + 1, cause);
  }
  const last = splitter.end();
  if (last.length > 0) yield last;
}

function open(path: string): AsyncIterable<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (!path.endsWith('.gz')) return file;
  // `pipeline` hands errors and an early end from one stream to the other; the iteration throws them.
  return pipeline(file, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined);
}

function readError(path: string, line: number, cause: unknown): unknown {
  if (cause instanceof PortcullisError) return atLine(path, line, cause);
  if (!(cause instanceof Error) || !('code' in cause)) return cause;
  const details = { file: path, line };
  if (cause.code === 'Z_BUF_ERROR') {
    return new PortcullisError(
      'INPUT_INVALID',
      `${path}: line ${line}: expected more gzip data, got its end: the file is truncated`,
      { cause, details },
    );
  }
  if (String(cause.code).startsWith('Z_')) {
    return new PortcullisError(
      'INPUT_INVALID',
      `${path}: line ${line}: expected gzip data, but it is damaged: ${cause.message}`,
      { cause, details },
    );
  }
  return new PortcullisError('FILE_UNREADABLE', `${path}: cannot be read: ${cause.message}`, {
    cause,
    details: { file: path },
  });
}
