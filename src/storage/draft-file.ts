import { dirname } from 'node:path';
import type { LogFile, LogFs } from './log-fs.ts';
import { writeFully } from './write-fully.ts';

export const DRAFT_EXTENSION = '.draft';

/**
 * A file that comes into being whole: written beside its place, made durable, and only then given its name. A crash
 * leaves what was there before, or the new file; at most a draft besides, which the next one replaces.
 */
export class DraftFile {
  readonly #fs: LogFs;
  readonly #path: string;
  readonly #file: LogFile;
  #bytes = 0;

  private constructor(fs: LogFs, path: string, file: LogFile) {
    this.#fs = fs;
    this.#path = path;
    this.#file = file;
  }

  static async create(fs: LogFs, path: string): Promise<DraftFile> {
    const draft = path + DRAFT_EXTENSION;
    await fs.remove(draft);
    return new DraftFile(fs, path, await fs.open(draft, 'create'));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await writeFully(this.#file, bytes, this.#bytes);
    this.#bytes += bytes.length;
  }

  /** Resolves when the file stands in its place for good. */
  async commit(): Promise<void> {
    await this.#file.datasync();
    await this.#file.close();
    await this.#fs.rename(this.#path + DRAFT_EXTENSION, this.#path);
    await this.#fs.syncDirectory(dirname(this.#path));
  }

  /** Takes back what was written so far. Never rejects: a draft that stays is in nobody's way. */
  async discard(): Promise<void> {
    await this.#file.close().catch(ignore);
    await this.#fs.remove(this.#path + DRAFT_EXTENSION).catch(ignore);
  }
}

/** Puts a small file in its place, or leaves the one that is there. */
export async function writeDurably(fs: LogFs, path: string, text: string): Promise<void> {
  const draft = await DraftFile.create(fs, path);
  try {
    await draft.write(Buffer.from(text));
    await draft.commit();
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

const ignore = (): void => undefined;
