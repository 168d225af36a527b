import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { DataDirectory } from '../storage/data-directory.ts';
import type { CommandIo } from './command.ts';

/** What every data directory has. */
const FORMAT_FILE = 'portcullis.json';

/**
 * Runs over a data directory that exists, as its owner for as long as it takes. Nothing is made where there is none.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE` when there is none, or it cannot be written; `DATA_DIR_LOCKED` while a process
 *   runs on it
 */
export async function inDirectory<T>(
  path: string,
  { clock }: Pick<CommandIo, 'clock'>,
  run: (directory: DataDirectory) => Promise<T>,
): Promise<T> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    await access(join(path, FORMAT_FILE), constants.R_OK);
  } catch (cause) {
    const message = `${path}: expected the data directory of a trading process: ${messageOf(cause)}`;
    throw new PortcullisError('FILE_UNREADABLE', message, { cause });
  }
  const directory = await DataDirectory.open(path, { clock });
  try {
    return await run(directory);
  } finally {
    await directory.close();
  }
}
