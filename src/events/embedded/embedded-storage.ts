import type { AppendLog, StateStore } from '../../storage/index.ts';
import type { EventCatalogue } from '../event-catalogue.ts';
import { type FoundState, SavedState, type SavedStateDeps } from './saved-state.ts';
import { TopicDisk } from './topic-disk.ts';

/** Where a durable bus keeps what it holds. */
export interface EmbeddedStorage {
  /** Opens the log of a topic, which is the bus's from then on: it closes it. */
  openLog(name: string): Promise<AppendLog>;
  /** For the places of groups and for dead letters, under keys that begin with `bus.` and the name of the bus. Stays open. */
  readonly store: StateStore;
}

/** The storage of a bus, read. */
export interface OpenedStorage {
  readonly saved: SavedState;
  readonly found: FoundState;
  /** By topic. */
  readonly disks: ReadonlyMap<string, TopicDisk>;
}

export interface OpenStorageOptions {
  readonly name: string;
  readonly dedupeEvents: number;
}

/** Opens the logs of all topics, and reads where groups are. */
export async function openStorage(
  { name, dedupeEvents }: OpenStorageOptions,
  storage: EmbeddedStorage,
  deps: Omit<SavedStateDeps, 'store'> & { readonly catalogue: EventCatalogue },
): Promise<OpenedStorage> {
  const { catalogue } = deps;
  const saved = new SavedState(name, { ...deps, store: storage.store });
  const disks = new Map<string, TopicDisk>();
  const logs: AppendLog[] = [];
  try {
    const found = await saved.load();
    for (const topic of catalogue.topics) {
      const log = await storage.openLog(topic);
      logs.push(log);
      const seenSeq = found.seen.get(topic);
      disks.set(topic, await TopicDisk.open(topic, log, { catalogue, dedupeEvents, seenSeq }));
    }
    await saved.mark();
    return { saved, found, disks };
  } catch (error) {
    for (const log of logs) await log.close();
    throw error;
  }
}
