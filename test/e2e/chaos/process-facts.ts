import { readFileSync, readdirSync } from 'node:fs';

/** Whether a process of ours is there. A number may be given to another program later: that one is none of ours. */
export function isThere(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('trading-system');
  } catch {
    return false;
  }
}

/** How many files and sockets a process has open; `undefined` when it is gone. */
export function openFilesOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}
