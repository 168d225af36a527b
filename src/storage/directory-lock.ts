import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { isBusy, openDatabase } from './sqlite.ts';

const Owner = z.object({ pid: z.int(), sinceMs: z.number() });

/**
 * Makes one process the owner of a directory. The lock is that of an open SQLite transaction: the operating system
 * lets go of it when the process dies, however it dies, so there is no stale lock to remove. Nothing is written into
 * the lock file, and nobody else may open it: POSIX drops a process's locks when it closes any handle of the file.
 */
export class DirectoryLock {
  readonly #ownerFile: string;
  readonly #database: DatabaseSync;

  private constructor(ownerFile: string, database: DatabaseSync) {
    this.#ownerFile = ownerFile;
    this.#database = database;
  }

  /** @throws {PortcullisError} `DATA_DIR_LOCKED` with the owner's pid and since when; `FILE_UNREADABLE`. */
  static async take(directory: string, clock: Pick<Clock, 'nowMs'>): Promise<DirectoryLock> {
    const ownerFile = join(directory, 'portcullis.owner.json');
    const database = await takeLock(directory, ownerFile);
    try {
      // Only for the message to others: the lock is what counts.
      await writeFile(ownerFile, `${JSON.stringify({ pid: process.pid, sinceMs: clock.nowMs() })}\n`);
    } catch (cause) {
      database.close();
      throw unusable(directory, cause);
    }
    return new DirectoryLock(ownerFile, database);
  }

  async release(): Promise<void> {
    await rm(this.#ownerFile, { force: true });
    this.#database.close();
  }
}

async function takeLock(directory: string, ownerFile: string): Promise<DatabaseSync> {
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(join(directory, 'portcullis.lock'));
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database?.close();
    if (!isBusy(cause)) throw unusable(directory, cause);
    const owner = await readOwner(ownerFile);
    throw new PortcullisError(
      'DATA_DIR_LOCKED',
      `data directory ${directory} belongs to ${
        owner === undefined
          ? 'another process'
          : `process ${owner.pid} since ${new Date(owner.sinceMs).toISOString()}`
      }: stop it, or use another directory`,
      { cause, details: { directory, ...owner } },
    );
  }
}

/** The owner may be about to write the file. */
async function readOwner(ownerFile: string): Promise<z.output<typeof Owner> | undefined> {
  try {
    return Owner.parse(JSON.parse(await readFile(ownerFile, 'utf8')));
  } catch {
    return undefined;
  }
}

/** The error for a directory that cannot be worked in. */
export const unusable = (directory: string, cause: unknown): PortcullisError =>
  new PortcullisError('FILE_UNREADABLE', `data directory ${directory} cannot be used: ${messageOf(cause)}`, {
    cause,
    details: { directory },
  });
