import { existsSync, linkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type LogFile, type LogFs, nodeFs } from 'portcullis/storage';
import type { KillPoint } from './kill-point.ts';

/** What a file of a data directory is, in the names of steps. */
function kindOf(path: string): string {
  const file = basename(path);
  if (file.includes('-snapshot-')) return 'snapshot';
  if (file.includes('-start.')) return 'start';
  return /^journal-\d/.test(file) ? 'journal' : 'audit';
}

/**
 * The file system with names for its steps; a write can be torn in half. What the journal forgets is kept aside, under a
 * second name: the checker wants all of it.
 */
export function steppingFs(point: KillPoint, keptDir: string): LogFs {
  return {
    ...nodeFs,
    async open(path, mode) {
      const file = await nodeFs.open(path, mode);
      return mode === 'read' ? file : steppingFile(file, kindOf(path), point);
    },
    async rename(from, to) {
      const kind = kindOf(to);
      point.at(`file.${kind}.renaming`);
      await nodeFs.rename(from, to);
      point.at(`file.${kind}.renamed`);
    },
    async remove(path) {
      const kind = kindOf(path);
      const kept = join(keptDir, basename(path));
      if (kind === 'journal' && existsSync(path) && !existsSync(kept)) linkSync(path, kept);
      point.at(`file.${kind}.removing`);
      await nodeFs.remove(path);
      point.at(`file.${kind}.removed`);
    },
  };
}

const steppingFile = (file: LogFile, kind: string, point: KillPoint): LogFile => ({
  ...file,
  async write(bytes, position) {
    if (point.isDue(`file.${kind}.torn`)) {
      await file.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), position);
      point.die();
    }
    const written = await file.write(bytes, position);
    point.at(`file.${kind}.written`);
    return written;
  },
  async datasync() {
    await file.datasync();
    point.at(`file.${kind}.synced`);
  },
});
