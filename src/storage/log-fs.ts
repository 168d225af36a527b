import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';

/** The few things that a log does with a file. A test's own implementation fills the disk, tears writes, counts syncs. */
export interface LogFile {
  size(): Promise<number>;
  /** Fills the buffer from `position` as far as the file goes; how many bytes it got. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** How many bytes were written; may be fewer than given. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  truncate(size: number): Promise<void>;
  /** Resolves when all that was written is on the medium. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** `read` an existing file, `update` an existing file, `create` one that must not exist. */
export type LogFileMode = 'read' | 'update' | 'create';

export interface LogFs {
  makeDirectory(path: string): Promise<void>;
  /** Names of what the directory holds. */
  list(directory: string): Promise<readonly string[]>;
  open(path: string, mode: LogFileMode): Promise<LogFile>;
  /** Gives a file or directory another name on the same disk; a file that has that name already is replaced. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; one that is not there is well. */
  remove(path: string): Promise<void>;
  /** Removes an empty directory. */
  removeDirectory(path: string): Promise<void>;
  /** Makes the names in a directory durable: a new file is not there after a power cut before this. */
  syncDirectory(path: string): Promise<void>;
}

const FLAGS = { read: 'r', update: 'r+', create: 'wx+' } as const satisfies Record<LogFileMode, string>;

/** The file system of the machine. Everything runs in the thread pool, nothing blocks the event loop. */
export const nodeFs: LogFs = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true });
  },

  list: (directory) => readdir(directory),

  async open(path, mode) {
    const handle = await open(path, FLAGS[mode]);
    return {
      size: async () => (await handle.stat()).size,
      read: async (buffer, position) => (await handle.read(buffer, 0, buffer.length, position)).bytesRead,
      write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
      truncate: (size) => handle.truncate(size),
      datasync: () => handle.datasync(),
      close: () => handle.close(),
    };
  },

  rename: (from, to) => rename(from, to),

  remove: (path) => rm(path, { force: true }),

  removeDirectory: (path) => rmdir(path),

  async syncDirectory(path) {
    if (process.platform === 'win32') return; // Windows does not open directories, and NTFS journals names itself
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};
