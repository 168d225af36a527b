import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { nodeFs } from './log-fs.ts';
import { NEWLINE, readWholeLines } from './whole-lines.ts';
import { logOfSegment } from './log-place.ts';
import { logOfStart } from './log-start.ts';
import { isSalvage } from './salvage-swap.ts';
import { snapshotIn } from './snapshot-file.ts';
import { SqliteStateStore } from './sqlite-state-store.ts';

interface Deps {
  readonly clock: Pick<Clock, 'nowMs'>;
}

export const STORE_EXTENSION = '.db';

/**
 * Whether any log in the directory holds a record or ever held one, any store was ever written, or any snapshot taken: the
 * start of a trimmed log and what a repair moved aside are as good as records.
 */
export async function holdsAnything(directory: string, deps: Deps): Promise<boolean> {
  const files = await readdir(directory);
  if (files.some((file) => TRACES.some((isTrace) => isTrace(file)))) return true;
  for (const file of files) {
    if (logOfSegment(file) !== undefined && (await holdsRecord(join(directory, file)))) return true;
  }
  for (const file of files) {
    if (file.endsWith(STORE_EXTENSION) && (await wasWritten(join(directory, file), deps))) return true;
  }
  return false;
}

const TRACES = [
  (file: string) => logOfStart(file) !== undefined,
  (file: string) => snapshotIn(file) !== undefined,
  isSalvage,
];

/** Whether the segment has one whole line; half a line was never acknowledged. */
async function holdsRecord(path: string): Promise<boolean> {
  const file = await nodeFs.open(path, 'read');
  try {
    for await (const bytes of readWholeLines(file, await file.size())) {
      if (bytes.at(-1) === NEWLINE) return true;
    }
    return false;
  } finally {
    await file.close();
  }
}

/** A store that cannot be opened counts as written: it is for `openStore` to say what is wrong with it. */
async function wasWritten(path: string, deps: Deps): Promise<boolean> {
  try {
    const store = await SqliteStateStore.open({ path }, deps);
    const { wasWritten } = store;
    await store.close();
    return wasWritten;
  } catch {
    return true;
  }
}
