import { writeSync } from 'node:fs';

const STDOUT = 1;
/** What a reader that is slow may keep us waiting, once until it reads again. */
const LONGEST_WAIT_MS = 200;
const WAIT_MS = 5;
/** What is kept for a reader that does not read; further lines are lost. */
const MAX_KEPT_BYTES = 1_048_576;

const nobody = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes lines to a file descriptor, synchronously and several at once. It never throws and never waits long: what nobody
 * takes (a closed pipe, a full disk, a reader that stands still) is lost, and counted.
 */
export class LineWriter {
  readonly #fd: number;
  readonly #bufferBytes: number;
  readonly #writeSync: (fd: number, bytes: Buffer) => number;
  #lines = '';
  #lineCount = 0;
  /** Encoded, and not yet taken. */
  #rest: Buffer = Buffer.alloc(0);
  #lost = 0;
  /** The last flush waited in vain: the next one does not, until something is taken. */
  #isStalled = false;

  /** @param bufferBytes characters that are collected before they are written; 0 writes each line at once */
  constructor(
    fd: number,
    bufferBytes: number,
    deps: { readonly writeSync: (fd: number, bytes: Buffer) => number } = { writeSync },
  ) {
    this.#fd = fd;
    this.#bufferBytes = bufferBytes;
    this.#writeSync = deps.writeSync;
  }

  /** Lines that nobody took. */
  get lost(): number {
    return this.#lost;
  }

  write(line: string): void {
    this.#lines += line;
    this.#lineCount += 1;
    if (this.#lines.length > this.#bufferBytes) this.flushSync();
  }

  /** Writes out what is there. */
  flushSync(): void {
    this.#encode();
    if (this.#fd === STDOUT && this.#rest.length > 0) letGo();
    for (let waitedMs = this.#isStalled ? LONGEST_WAIT_MS : 0; this.#rest.length > 0;) {
      try {
        this.#rest = this.#rest.subarray(this.#writeSync(this.#fd, this.#rest));
        this.#isStalled = false;
      } catch (error) {
        if (!isBusy(error)) this.#drop();
        else if (waitedMs >= LONGEST_WAIT_MS) {
          this.#isStalled = true;
          return;
        } else {
          Atomics.wait(nobody, 0, 0, WAIT_MS);
          waitedMs += WAIT_MS;
        }
      }
    }
  }

  #encode(): void {
    if (this.#rest.length > MAX_KEPT_BYTES) this.#lost += this.#lineCount;
    else this.#rest = Buffer.concat([this.#rest, Buffer.from(this.#lines)]);
    this.#lines = '';
    this.#lineCount = 0;
  }

  #drop(): void {
    this.#lost += this.#rest.filter((byte) => byte === NEWLINE).length;
    this.#rest = Buffer.alloc(0);
  }
}

const NEWLINE = 10;

/** Node sets a pipe to fail rather than block when it opens its own stream over it; before that a full one blocks for ever. */
const letGo = (): boolean => process.stdout.writable;

/** A pipe that is full for now. */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
