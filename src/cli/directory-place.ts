import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { DataDirectory } from '../storage/data-directory.ts';
import { STORE_EXTENSION } from '../storage/directory-contents.ts';
import type { LogSource } from '../storage/copy/copy-log.ts';
import { logOfSegment } from '../storage/log-place.ts';
import { logOfStart } from '../storage/log-start.ts';
import { snapshotIn } from '../storage/snapshot-file.ts';
import type { CommandIo } from './command.ts';
import type { DataPlace } from './data-place.ts';

/**
 * A data directory, as its owner until it is closed.
 *
 * @param isMade whether it is made where it is not there
 * @throws {PortcullisError} `DATA_DIR_LOCKED` while a process runs on it; `FILE_UNREADABLE` when there is none
 */
export async function directoryPlace(
  path: string,
  isMade: boolean,
  { clock }: Pick<CommandIo, 'clock'>,
): Promise<DataPlace> {
  if (!isMade) await requireDirectory(path);
  const directory = await DataDirectory.open(path, { clock });
  const read = new Map<string, Promise<LogSource>>();
  return {
    isShared: false,
    async names() {
      const files = await readdir(directory.path);
      const some = (nameIn: (file: string) => string | undefined): string[] =>
        [...new Set(files.flatMap((file) => nameIn(file) ?? []))].sort();
      return {
        stores: some((file) =>
          file.endsWith(STORE_EXTENSION) ? file.slice(0, -STORE_EXTENSION.length) : undefined,
        ),
        logs: some((file) => logOfSegment(file) ?? logOfStart(file)),
        snapshots: some((file) => snapshotIn(file)?.name),
      };
    },
    readLog: (name) => {
      const present = read.get(name) ?? directory.openLog(name);
      read.set(name, present);
      return present;
    },
    openLog: (name, firstSeq) => directory.openLog(name, { firstSeq }),
    openStore: (name) => directory.openStore(name),
    openSnapshots: (name) => directory.openSnapshots(name),
    close: () => directory.close(),
  };
}

async function requireDirectory(path: string): Promise<void> {
  try {
    await access(join(path, 'portcullis.json'));
  } catch (cause) {
    const message = `${path}: expected the data directory of a trading process: ${messageOf(cause)}`;
    throw new PortcullisError('FILE_UNREADABLE', message, { cause });
  }
}
