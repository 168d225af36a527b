import { hash } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, PortcullisError } from 'portcullis/core';
import {
  type AppendLog,
  DataDirectory,
  type SnapshotStore,
  type StateStore,
  type Tenure,
} from 'portcullis/storage';

/** Where a desk keeps what its successor needs. One desk has it at a time. */
export interface DeskStorage {
  readonly journal: AppendLog;
  readonly audit: AppendLog;
  readonly snapshots: SnapshotStore;
  /** Archive of orders, limits, and how far the bus has been told. */
  readonly store: StateStore;
  close(): Promise<void>;
}

/** The same in files and on a server, so that `portcullis data copy` moves a desk from one to the other. */
export const DESK_NAMES = { journal: 'journal', audit: 'audit', store: 'state' } as const;

/** On a server each desk has a schema of its own, as it has a directory in files: `desk_main`. No two accounts have the same. */
export function deskSchemaOf(accountId: string): string {
  if (/^[a-z0-9_]{1,30}$/.test(accountId)) return `desk_${accountId}`;
  const readable = accountId
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .slice(0, 20);
  return `desk_${readable}_${hash('sha256', accountId).slice(0, 16)}`;
}

const AGAIN_MS = 20;

/**
 * In files of the data directory. While another process still has them, as one does that is stopping, they are waited for.
 *
 * @throws {PortcullisError} `DATA_DIR_LOCKED` when the lease is lost meanwhile; what opening throws
 */
export async function openDeskFiles(dataDir: string, clock: Clock, tenure: Tenure): Promise<DeskStorage> {
  const directory = await openWhenFree(join(dataDir, 'desk'), clock, tenure);
  try {
    return {
      journal: await directory.openLog(DESK_NAMES.journal),
      audit: await directory.openLog(DESK_NAMES.audit),
      snapshots: await directory.openSnapshots(DESK_NAMES.journal),
      store: await directory.openStore(DESK_NAMES.store),
      close: () => directory.close(),
    };
  } catch (error) {
    await directory.close();
    throw error;
  }
}

async function openWhenFree(path: string, clock: Clock, tenure: Tenure): Promise<DataDirectory> {
  for (;;) {
    try {
      return await DataDirectory.open(path, { clock });
    } catch (error) {
      const isTaken = error instanceof PortcullisError && error.code === 'DATA_DIR_LOCKED';
      if (!isTaken || !tenure.isHeld()) throw error;
      await clock.sleep(AGAIN_MS);
    }
  }
}
