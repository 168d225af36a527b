import { readdir } from 'node:fs/promises';
import { PortcullisError } from '../core/errors.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import type { FileAppendLog } from '../storage/file-append-log.ts';
import type { CommandIo } from './command.ts';

/**
 * Opens a log that is there, which checks every record of it. Says so when that removed a last record that was cut off.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE` when there is no log of the name; as `DataDirectory.openLog`
 */
export async function existingLog(
  directory: DataDirectory,
  name: string,
  io: Pick<CommandIo, 'out'>,
): Promise<FileAppendLog> {
  if (!(await hasLog(directory, name))) {
    throw new PortcullisError('FILE_UNREADABLE', `${directory.path}: there is no log ${name}`);
  }
  const log = await directory.openLog(name);
  const { tornBytes } = log.openReport;
  if (tornBytes > 0) {
    io.out(
      `${name}: a last record was cut off and is removed, ${tornBytes} bytes: nobody was told that it was written`,
    );
  }
  return log;
}

/** Whether a log is there: anything else would be made anew. */
export async function hasLog(directory: DataDirectory, name: string): Promise<boolean> {
  const files = await readdir(directory.path);
  // Segments, the start of a trimmed log, or a repair that was killed.
  const parts = [/-\d{8}\.jsonl$/, /-start\.json$/, /-salvage$/];
  return files.some((file) => parts.some((part) => file.replace(part, '') === name && file !== name));
}
