import { isAscii } from 'node:buffer';
import { PortcullisError } from '../core/errors.ts';

const NEWLINE = 10;
/** A line longer than this is not a message: it would fill the memory before anybody could refuse it. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Cuts a stream of bytes into lines, wherever the chunks happen to end. Bytes are cut before they are decoded. */
export class LineSplitter {
  #rest: Buffer[] = [];
  #restBytes = 0;

  /**
   * @returns the lines that this chunk completes
   * @throws {PortcullisError} `INPUT_INVALID` when a line grows beyond 16 MiB
   */
  push(chunk: Buffer): readonly string[] {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) {
      this.#keep(chunk);
      return [];
    }
    this.#rest.push(chunk.subarray(0, end));
    const lines = this.#decode();
    this.#keep(chunk.subarray(end + 1));
    return lines;
  }

  /** @returns the last line, if it did not end with a newline */
  end(): readonly string[] {
    return this.#restBytes === 0 ? [] : this.#decode();
  }

  #keep(bytes: Buffer): void {
    this.#restBytes += bytes.length;
    if (this.#restBytes > MAX_LINE_BYTES) {
      throw new PortcullisError('INPUT_INVALID', `expected a line of at most ${MAX_LINE_BYTES} bytes`);
    }
    if (bytes.length > 0) this.#rest.push(bytes);
  }

  #decode(): string[] {
    const [only, ...more] = this.#rest;
    const bytes = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#rest);
    this.#rest = [];
    this.#restBytes = 0;
    // The same text, at a fifth of the price.
    const encoding = isAscii(bytes) ? 'latin1' : 'utf8';
    return bytes.toString(encoding).split('\n');
  }
}
