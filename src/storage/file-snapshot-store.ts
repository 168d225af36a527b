import { join } from 'node:path';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { parseInput, parseOptions } from '../core/options.ts';
import { messageOf } from '../core/message-of.ts';
import { DRAFT_EXTENSION, DraftFile } from './draft-file.ts';
import type { JsonValue } from './json.ts';
import { type LogFs, nodeFs } from './log-fs.ts';
import { finishSwap } from './salvage-swap.ts';
import { readSnapshot, snapshotFile, snapshotIn, SnapshotSum } from './snapshot-file.ts';
import { slicesOf } from './snapshot-slices.ts';
import type { SkippedSnapshot, Snapshot, SnapshotStore } from './snapshot-store.ts';
import { storageName } from './storage-name.ts';

const Options = z.strictObject({
  /** Created if absent. */
  directory: z.string().min(1),
  /** Snapshots are called `<name>-snapshot-<sequence number>.jsonl`. */
  name: storageName,
});

/** @interface */
export type FileSnapshotStoreOptions = z.input<typeof Options>;

/** How many snapshots are kept. */
const KEPT = 2;

/** Snapshots as files of JSON lines with a checksum, each of which comes into being whole. */
export class FileSnapshotStore implements SnapshotStore {
  readonly #directory: string;
  readonly #name: string;
  readonly #fs: LogFs;
  #skipped: readonly SkippedSnapshot[] = [];
  #saving: Promise<void> = Promise.resolve();
  #isClosed = false;
  #closed: Promise<void> | undefined;

  private constructor(directory: string, name: string, fs: LogFs) {
    this.#directory = directory;
    this.#name = name;
    this.#fs = fs;
  }

  /** @throws {PortcullisError} `SNAPSHOT_FAILED` when the directory cannot be used; `OPTION_INVALID`. */
  static async open(
    options: FileSnapshotStoreOptions,
    deps: { readonly fs?: LogFs } = {},
  ): Promise<FileSnapshotStore> {
    const { directory, name } = parseOptions('FileSnapshotStore', Options, options);
    const store = new FileSnapshotStore(directory, name, deps.fs ?? nodeFs);
    await store.#onDisk('opened', async () => {
      await store.#fs.makeDirectory(directory);
      await finishSwap(store.#fs, { directory, name });
    });
    return store;
  }

  get skipped(): readonly SkippedSnapshot[] {
    return this.#skipped;
  }

  /** Whether `close()` is through. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  save(seq: number, lines: Iterable<JsonValue | object>): Promise<void> {
    const saved =
      this.#closed === undefined ? this.#saving.then(() => this.#save(seq, lines)) : this.#refuse();
    this.#saving = saved.catch(ignore);
    return saved;
  }

  async newest(atMostSeq = Infinity): Promise<Snapshot | undefined> {
    const skipped: SkippedSnapshot[] = [];
    this.#skipped = skipped;
    for (const seq of await this.#onDisk('found', () => this.#list())) {
      const file = snapshotFile(this.#name, seq);
      try {
        if (seq > atMostSeq) throw new Error(`it is newer than record ${atMostSeq}`);
        return { seq, lines: await this.#read(file, seq) };
      } catch (cause) {
        skipped.push({ file, why: messageOf(cause) });
      }
    }
    return undefined;
  }

  /** Refuses new saves and waits for those under way. A second call is harmless. */
  close(): Promise<void> {
    this.#closed ??= this.#saving.then(() => {
      this.#isClosed = true;
    });
    return this.#closed;
  }

  async #save(seq: number, lines: Iterable<JsonValue | object>): Promise<void> {
    const path = join(this.#directory, snapshotFile(this.#name, parseInput('snapshot', Seq, seq)));
    const draft = await this.#onDisk('written', () => DraftFile.create(this.#fs, path));
    try {
      const sum = new SnapshotSum(seq);
      for (const { text, count } of slicesOf(lines)) {
        const bytes = Buffer.from(text);
        sum.add(bytes, count);
        // Other work goes on while the disk has it.
        await this.#onDisk('written', () => draft.write(bytes));
      }
      await this.#onDisk('written', async () => {
        await draft.write(Buffer.from(sum.last()));
        await draft.commit();
      });
    } catch (error) {
      await draft.discard();
      throw error;
    }
    // One too many is in nobody's way: the next save tries again.
    await this.#removeOld().catch(ignore);
  }

  async #read(file: string, seq: number): Promise<JsonValue[]> {
    const opened = await this.#fs.open(join(this.#directory, file), 'read');
    try {
      return await readSnapshot(opened, seq);
    } finally {
      await opened.close();
    }
  }

  /** Sequence numbers of the snapshots, the newest first. */
  async #list(): Promise<number[]> {
    const files = await this.#fs.list(this.#directory);
    const found = files.map(snapshotIn).filter((snapshot) => snapshot?.name === this.#name);
    return found.map((snapshot) => snapshot?.seq ?? 0).sort((a, b) => b - a);
  }

  async #removeOld(): Promise<void> {
    const old = (await this.#list()).slice(KEPT).map((seq) => snapshotFile(this.#name, seq));
    const drafts = (await this.#fs.list(this.#directory)).filter(
      (file) =>
        file.endsWith(DRAFT_EXTENSION) &&
        snapshotIn(file.slice(0, -DRAFT_EXTENSION.length))?.name === this.#name,
    );
    for (const file of [...old, ...drafts]) await this.#fs.remove(join(this.#directory, file));
  }

  async #onDisk<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw this.#failed(`cannot be ${what}: ${messageOf(cause)}`, cause);
    }
  }

  #refuse(): Promise<never> {
    return Promise.reject(this.#failed('are closed'));
  }

  #failed(what: string, cause?: unknown): PortcullisError {
    const place = join(this.#directory, this.#name);
    return new PortcullisError('SNAPSHOT_FAILED', `snapshots ${place} ${what}`, { cause });
  }
}

const Seq = z.int().min(0);

const ignore = (): void => undefined;
