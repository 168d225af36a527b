import { join } from 'node:path';
import type { LogFile, LogFs } from './log-fs.ts';
import { encodeLine } from './log-line.ts';
import { type LogPlace, segmentFile } from './log-place.ts';
import { writeFully } from './write-fully.ts';

const BATCH_LENGTH = 1024 * 1024;

/** Writes the segments of a log that nobody has opened yet. Durable once `close()` has resolved. */
export class SegmentWriter {
  readonly #fs: LogFs;
  readonly #log: LogPlace;
  readonly #segmentBytes: number;
  #number: number;
  #nextSeq: number;
  #file: LogFile;
  #bytes = 0;
  #text = '';

  private constructor(
    fs: LogFs,
    log: LogPlace,
    segmentBytes: number,
    start: { segment: number; firstSeq: number; file: LogFile },
  ) {
    this.#fs = fs;
    this.#log = log;
    this.#segmentBytes = segmentBytes;
    this.#number = start.segment;
    this.#nextSeq = start.firstSeq;
    this.#file = start.file;
  }

  static async create(
    fs: LogFs,
    log: LogPlace,
    segmentBytes: number,
    start: { segment: number; firstSeq: number },
  ): Promise<SegmentWriter> {
    const file = await fs.open(join(log.directory, segmentFile(log.name, start.segment)), 'create');
    return new SegmentWriter(fs, log, segmentBytes, { ...start, file });
  }

  /** Sequence number of the last record written, one below the first for none. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  /** @param text JSON of the record */
  async write(text: string): Promise<void> {
    this.#text += encodeLine(this.#nextSeq++, text);
    if (this.#text.length >= BATCH_LENGTH) await this.#flush();
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
      await this.#file.datasync();
    } finally {
      await this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    if (this.#bytes >= this.#segmentBytes) {
      await this.#file.datasync();
      await this.#file.close();
      const path = join(this.#log.directory, segmentFile(this.#log.name, ++this.#number));
      this.#file = await this.#fs.open(path, 'create');
      this.#bytes = 0;
    }
    const bytes = Buffer.from(this.#text);
    await writeFully(this.#file, bytes, this.#bytes);
    this.#bytes += bytes.length;
    this.#text = '';
  }
}
