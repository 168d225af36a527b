import type { DatabaseSync } from 'node:sqlite';

/**
 * Opens a database file. `node:sqlite` is loaded here and not by an import, because Node 22 prints an experimental
 * warning when it is: only those who open a database shall see it.
 */
export function openDatabase(path: string): DatabaseSync {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  return new DatabaseSync(path);
}

/** Whether SQLite refused because another connection holds the lock (SQLITE_BUSY and its kin). */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  (error.errcode & 0xff) === 5;
