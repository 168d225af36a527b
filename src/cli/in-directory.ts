import { access, constants } from 'node:fs/promises';
import { PortcullisError } from '../core/errors.ts';
import { DataDirectory } from '../storage/data-directory.ts';
import type { CommandIo } from './command.ts';

/**
 * Runs over a data directory that exists, as its owner for as long as it takes.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE` when there is none; `DATA_DIR_LOCKED` while a process runs on it
 */
export async function inDirectory<T>(
  path: string,
  { clock }: CommandIo,
  run: (directory: DataDirectory) => Promise<T>,
): Promise<T> {
  await access(path, constants.R_OK | constants.W_OK).catch((cause: unknown) => {
    throw new PortcullisError('FILE_UNREADABLE', `${path}: expected a data directory that can be written`, {
      cause,
    });
  });
  const directory = await DataDirectory.open(path, { clock });
  try {
    return await run(directory);
  } finally {
    await directory.close();
  }
}
