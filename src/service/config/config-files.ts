import { readFile, stat } from 'node:fs/promises';

/** What is known of a file without reading it. */
interface FileFacts {
  readonly isFile: boolean;
  readonly bytes: number;
  /** Permission bits. */
  readonly mode: number;
  /** Another one whenever the file was written or replaced. */
  readonly stamp: string;
}

/** The files of a configuration. */
export interface ConfigFiles {
  read(path: string): Promise<string>;
  stat(path: string): Promise<FileFacts>;
}

/** The files of the machine. */
export const NODE_FILES: ConfigFiles = {
  read: (path) => readFile(path, 'utf8'),
  async stat(path) {
    const found = await stat(path, { bigint: true });
    const { size, mode, ino, mtimeNs, ctimeNs } = found;
    const stamp = [ino, size, mtimeNs, ctimeNs].join(' ');
    return { isFile: found.isFile(), bytes: Number(size), mode: Number(mode & 0o777n), stamp };
  },
};

/** Files that someone else reads, of which nothing more is known: for tests. */
export const filesOf = (read: (path: string) => Promise<string>): ConfigFiles => ({
  read,
  stat: () => Promise.resolve({ isFile: true, bytes: 0, mode: 0o400, stamp: '' }),
});
