import type { LogFile } from './log-fs.ts';

const CHUNK_BYTES = 256 * 1024;
export const NEWLINE = '\n'.charCodeAt(0);

/**
 * The first `size` bytes of a file in pieces that end with a newline, the last one perhaps not. The disk reads the next
 * piece while the caller works on one. Ends early where the file does.
 */
export async function* readWholeLines(file: LogFile, size: number): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []; // of a line whose end has not been read yet
  let position = 0;
  let ahead = readChunk(file, position, size);
  try {
    for (;;) {
      const chunk = await ahead;
      if (chunk.length === 0) break;
      position += chunk.length;
      ahead = readChunk(file, position, size);
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        rest.push(chunk);
        continue;
      }
      let from = 0;
      if (rest.length > 0) {
        from = chunk.indexOf(NEWLINE) + 1;
        yield Buffer.concat([...rest, chunk.subarray(0, from)]);
      }
      if (from < end) yield chunk.subarray(from, end);
      rest = end < chunk.length ? [chunk.subarray(end)] : [];
    }
    if (rest.length > 0) yield Buffer.concat(rest);
  } finally {
    await ahead.catch(ignore); // the file must not be closed under it
  }
}

function readChunk(file: LogFile, position: number, size: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - position));
  if (buffer.length === 0) return Promise.resolve(buffer);
  const chunk = file.read(buffer, position).then((bytesRead) => buffer.subarray(0, bytesRead));
  chunk.catch(ignore); // told when it is its turn
  return chunk;
}

const ignore = (): void => undefined;
