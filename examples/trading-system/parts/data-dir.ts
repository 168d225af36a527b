import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SystemConfig } from '../config.ts';

/** Where files go: as configured, or a temporary directory that `remove` takes away. */
export async function dataDirOf({
  dataDir,
}: Pick<SystemConfig, 'dataDir'>): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  if (dataDir !== undefined) return { path: dataDir, remove: () => Promise.resolve() };
  const path = await mkdtemp(join(tmpdir(), 'portcullis-trading-system-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
