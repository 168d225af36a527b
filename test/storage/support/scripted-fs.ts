import { type LogFile, type LogFs, nodeFs } from '../../../src/storage/index.ts';

/** What a file system call was asked to do. */
export interface FsCall {
  readonly what:
    'open' | 'write' | 'datasync' | 'truncate' | 'syncDirectory' | 'rename' | 'remove' | 'removeDirectory';
  readonly path: string;
  /** Bytes to write, or size to truncate to. */
  readonly bytes: number;
}

/**
 * The real file system, watched and disturbed: `calls` says what was done, `disturb` is asked before each call and throws to
 * refuse it, or returns how many bytes of a write to let through, or waits.
 */
export class ScriptedFs implements LogFs {
  readonly calls: FsCall[] = [];
  disturb: (call: FsCall) => Promise<number | undefined> | number | undefined = () => undefined;

  /** What closing a file ends with, the file closed all the same. */
  closeError: Error | undefined;

  count(what: FsCall['what']): number {
    return this.calls.filter((call) => call.what === what).length;
  }

  makeDirectory(path: string): Promise<void> {
    return nodeFs.makeDirectory(path);
  }

  list(directory: string): Promise<readonly string[]> {
    return nodeFs.list(directory);
  }

  async open(path: string, mode: 'read' | 'update' | 'create'): Promise<LogFile> {
    await this.#ask({ what: 'open', path, bytes: 0 });
    const file = await nodeFs.open(path, mode);
    return {
      size: () => file.size(),
      read: (buffer, position) => file.read(buffer, position),
      write: async (bytes, position) => {
        const allowed = await this.#ask({ what: 'write', path, bytes: bytes.length });
        if (allowed === 0) return 0;
        return file.write(bytes.subarray(0, allowed), position);
      },
      truncate: async (size) => {
        await this.#ask({ what: 'truncate', path, bytes: size });
        return file.truncate(size);
      },
      datasync: async () => {
        await this.#ask({ what: 'datasync', path, bytes: 0 });
        return file.datasync();
      },
      close: async () => {
        await file.close();
        if (this.closeError !== undefined) throw this.closeError;
      },
    };
  }

  /** Asked with the new name. */
  async rename(from: string, to: string): Promise<void> {
    await this.#ask({ what: 'rename', path: to, bytes: 0 });
    return nodeFs.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    await this.#ask({ what: 'remove', path, bytes: 0 });
    return nodeFs.remove(path);
  }

  async removeDirectory(path: string): Promise<void> {
    await this.#ask({ what: 'removeDirectory', path, bytes: 0 });
    return nodeFs.removeDirectory(path);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#ask({ what: 'syncDirectory', path, bytes: 0 });
    return nodeFs.syncDirectory(path);
  }

  #ask(call: FsCall): Promise<number | undefined> {
    this.calls.push(call);
    return Promise.resolve(this.disturb(call));
  }
}

/** An error as the operating system gives it. */
export const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: the test said so`), { code });

/** Lets so many calls through and refuses all that come after: what a kill at that point leaves is on the disk. */
export function killAfter(fs: ScriptedFs, calls: number): void {
  let left = calls;
  fs.disturb = () => {
    if (left-- <= 0) throw systemError('KILLED');
    return undefined;
  };
}
