import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { holdsAnything, STORE_EXTENSION } from './directory-contents.ts';
import { checkFormat } from './directory-format.ts';
import { DirectoryLock, unusable } from './directory-lock.ts';
import { FileAppendLog, type FileAppendLogOptions } from './file-append-log.ts';
import { FileSnapshotStore } from './file-snapshot-store.ts';
import { type LogFs, nodeFs } from './log-fs.ts';
import { SqliteStateStore } from './sqlite-state-store.ts';
import { storageName } from './storage-name.ts';

export interface DataDirectoryDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  /** What logs write through. Default: the file system of the machine. */
  readonly logFs?: LogFs;
}

/**
 * The directory in which one process keeps everything that must outlive it: logs, `<name>-00000001.jsonl` and so on,
 * snapshots, `<name>-snapshot-<sequence number>.jsonl`, and state stores, `<name>.db`. On a local disk: locks are not to be relied on over a network.
 */
export class DataDirectory {
  /** Absolute path. */
  readonly path: string;
  /**
   * Whether no log held a record, no snapshot was there and no store had ever been written when the directory was opened. Being killed at any
   * moment before the first record leaves it new, also with files already created or a first record half written.
   *
   * The kill switch relies on it: no record of it in a directory that is not new means halted. So it has to write its
   * first record before anything else is written here.
   */
  readonly isNew: boolean;
  readonly #deps: DataDirectoryDeps;
  readonly #lock: DirectoryLock;
  readonly #opened = new Map<string, Part>();
  #closed: Promise<void> | undefined;

  private constructor(path: string, deps: DataDirectoryDeps, lock: DirectoryLock, isNew: boolean) {
    this.path = path;
    this.#deps = deps;
    this.#lock = lock;
    this.isNew = isNew;
  }

  /**
   * Creates the directory if absent and takes possession of it, until `close()` or the end of the process.
   *
   * @throws {PortcullisError} `DATA_DIR_LOCKED` when another process, or another part of this one, owns it, with its
   * pid and since when; `FORMAT_UNSUPPORTED` when a version that is not ours wrote it; `FILE_UNREADABLE`.
   */
  static async open(path: string, deps: DataDirectoryDeps): Promise<DataDirectory> {
    const directory = resolve(path);
    await create(directory);
    const lock = await DirectoryLock.take(directory, deps.clock);
    try {
      const isNew = !(await holdsAnything(directory, deps));
      await checkFormat(directory, isNew);
      return new DataDirectory(directory, deps, lock, isNew);
    } catch (error) {
      await lock.release();
      throw error instanceof PortcullisError ? error : unusable(directory, error);
    }
  }

  /** @throws {PortcullisError} as `FileAppendLog.open`; `OPTION_INVALID` while a log of this name is open. */
  openLog(
    name: string,
    options: Omit<FileAppendLogOptions, 'directory' | 'name'> = {},
  ): Promise<FileAppendLog> {
    const fs = this.#deps.logFs ?? nodeFs;
    return this.#open(`log ${name}`, () =>
      FileAppendLog.open({ ...options, directory: this.path, name }, { fs }),
    );
  }

  /** @throws {PortcullisError} as `SqliteStateStore.open`; `OPTION_INVALID` while a store of this name is open. */
  openStore(name: string): Promise<SqliteStateStore> {
    return this.#open(`store ${name}`, () => {
      const file = `${parseOptions('DataDirectory.openStore', storageName, name)}${STORE_EXTENSION}`;
      return SqliteStateStore.open({ path: join(this.path, file) }, this.#deps);
    });
  }

  /** @throws {PortcullisError} as `FileSnapshotStore.open`; `OPTION_INVALID` while snapshots of this name are open. */
  openSnapshots(name: string): Promise<FileSnapshotStore> {
    const fs = this.#deps.logFs ?? nodeFs;
    return this.#open(`snapshots ${name}`, () =>
      FileSnapshotStore.open({ directory: this.path, name }, { fs }),
    );
  }

  /** Closes every log and store that was opened here, then lets go of the directory. A second call is harmless. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      const closed = await Promise.allSettled([...this.#opened.values()].map((part) => part.close()));
      for (const result of closed) if (result.status === 'rejected') throw unusable(this.path, result.reason);
    } finally {
      await this.#lock.release();
    }
  }

  async #open<T extends Part>(what: string, open: () => Promise<T>): Promise<T> {
    this.#refuseIfClosed(what);
    if (this.#opened.get(what)?.isClosed === false) throw this.#refusal(what, 'it is open already');
    const opening = open();
    this.#opened.set(what, { isClosed: false, close: () => opening.then((part) => part.close(), ignore) });
    try {
      const part = await opening;
      this.#refuseIfClosed(what);
      this.#opened.set(what, part);
      return part;
    } catch (error) {
      this.#opened.delete(what);
      throw error;
    }
  }

  #refuseIfClosed(what: string): void {
    if (this.#closed !== undefined) throw this.#refusal(what, 'the directory is closed');
  }

  #refusal(what: string, why: string): PortcullisError {
    return new PortcullisError(
      'OPTION_INVALID',
      `data directory ${this.path}: ${what} cannot be opened: ${why}`,
    );
  }
}

/** What is opened in the directory and closed with it. */
interface Part {
  readonly isClosed: boolean;
  close(): Promise<void>;
}

/** Creates the directory so that it is there after a power cut as well. */
async function create(directory: string): Promise<void> {
  try {
    const first = await mkdir(directory, { recursive: true });
    if (first === undefined) return;
    for (let created = directory; created.length >= first.length; created = dirname(created)) {
      await nodeFs.syncDirectory(dirname(created));
    }
  } catch (error) {
    throw unusable(directory, error);
  }
}

const ignore = (): void => undefined;
