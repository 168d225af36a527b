import { ManualClock } from '../../../../src/core/manual-clock.ts';
import type { EmbeddedStorage } from '../../../../src/events/embedded/embedded-storage.ts';
import { MemoryAppendLog } from '../../../../src/storage/memory-append-log.ts';
import { MemoryStateStore } from '../../../../src/storage/memory-state-store.ts';
import type { StateStore } from '../../../../src/storage/state-store.ts';

/** What a durable bus keeps, which stays when the bus is left as a process that dies leaves it. */
export interface LastingStorage extends EmbeddedStorage {
  /** Whether the store can be written, and the logs can be read. */
  isAway: boolean;
  /** Writes of the store so far. */
  readonly writes: number;
}

export function lastingStorage(): LastingStorage {
  const kept = new MemoryStateStore({ clock: new ManualClock() });
  const logs = new Map<string, MemoryAppendLog>();
  const state = { isAway: false, writes: 0 };
  const checkThere = (): void => {
    if (state.isAway) throw new Error('the store is away');
  };
  const store: StateStore = {
    get: (key) => kept.get(key),
    list: (prefix) => kept.list(prefix),
    close: () => Promise.resolve(),
    set: async (key, value, options) => {
      checkThere();
      return kept.set(key, value, options);
    },
    setAll: async (entries) => {
      checkThere();
      state.writes += 1;
      await kept.setAll(entries);
    },
    delete: async (key, options) => {
      checkThere();
      return kept.delete(key, options);
    },
  };
  return {
    store,
    openLog: (name) => {
      const log = logs.get(name) ?? new MemoryAppendLog();
      logs.set(name, log);
      return Promise.resolve({
        append: (record) => log.append(record),
        flush: () => log.flush(),
        get pending() {
          return log.pending;
        },
        get firstSeq() {
          return log.firstSeq;
        },
        async *read(from) {
          checkThere();
          yield* log.read(from);
        },
        trim: (before) => log.trim(before),
        close: () => Promise.resolve(),
      });
    },
    get isAway() {
      return state.isAway;
    },
    set isAway(isAway: boolean) {
      state.isAway = isAway;
    },
    get writes() {
      return state.writes;
    },
  };
}
