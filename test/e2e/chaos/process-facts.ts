import { readFileSync, readdirSync } from 'node:fs';

/** Whether a process of ours is there. A number may be given to another program later: that one is none of ours. */
export function isThere(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('trading-system');
  } catch {
    return false;
  }
}

/** What a process has of memory and files; `undefined` when it is gone. */
export function usageOf(pid: number): { readonly rssMb: number; readonly files: number } | undefined {
  try {
    const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    if (kb === undefined) return undefined;
    return { rssMb: Number(kb) / 1024, files: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}
