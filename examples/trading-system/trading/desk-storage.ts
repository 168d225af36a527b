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
      journal: await directory.openLog('journal'),
      audit: await directory.openLog('audit'),
      snapshots: await directory.openSnapshots('journal'),
      store: await directory.openStore('state'),
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
