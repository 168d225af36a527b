/**
 * Loaded into every process of the cluster: writes from time to time what its heap holds after a full collection. What the
 * operating system says of a process tells more of when it last collected than of what it keeps.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY_MS = 10_000;
const directory = process.env['CHAOS_HEAPS'];

const fileOf = (folder: string, pid: number): string => join(folder, `${pid}.heap`);

/** What the heap of a process held when it was looked at last, MB; `undefined` where nobody has looked yet. */
export function liveHeapMb(folder: string, pid: number): number | undefined {
  try {
    return Number(readFileSync(fileOf(folder, pid), 'utf8'));
  } catch {
    return undefined;
  }
}

if (directory !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setInterval(() => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    const file = fileOf(directory, process.pid);
    writeFileSync(`${file}.new`, String((heapUsed + external) / 2 ** 20));
    renameSync(`${file}.new`, file); // never read half written
  }, EVERY_MS).unref();
}
