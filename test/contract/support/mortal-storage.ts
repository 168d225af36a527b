import type { AppendLog, LogEntry } from '../../../src/storage/append-log.ts';
import { type StateStore, MemoryStateStore } from '../../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../../src/testing/index.ts';

/** What a bus is given to keep things in. */
export interface BusStorage {
  openLog(name: string): Promise<AppendLog>;
  readonly store: StateStore;
}

/** One life of a process. */
interface Life {
  isOver: boolean;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = <T>(): Promise<T> => new Promise(() => undefined);

/**
 * Logs and a store that outlive those who use them. Writes become durable in a later turn of the event loop; those of a
 * process that died before that never do, and it never hears of them.
 */
export class MortalStorage {
  readonly store = new MemoryStateStore({ clock: { nowMs: () => Date.now() } });
  readonly #logs = new Map<string, ScriptedAppendLog>();
  #life: Life = { isOver: false };

  /** For a process that begins. */
  open(): BusStorage {
    this.#life = { isOver: false };
    return { openLog: (name) => this.#openLog(name, this.#life), store: mortalStore(this.store, this.#life) };
  }

  /** The process dies: what is not durable yet never will be. */
  crash(): void {
    this.#life.isOver = true;
    for (const [name, log] of this.#logs) this.#logs.set(name, new ScriptedAppendLog(log.durable));
  }

  /** What is durable of a log. */
  durable(name: string): readonly LogEntry[] {
    return this.#logs.get(name)?.durable ?? [];
  }

  get names(): readonly string[] {
    return [...this.#logs.keys()];
  }

  /** Changes what is durable, while nobody has it open. */
  rewrite(name: string, change: (entries: readonly LogEntry[]) => readonly LogEntry[]): void {
    this.#logs.set(name, new ScriptedAppendLog(change(this.durable(name))));
  }

  #openLog(name: string, life: Life): Promise<AppendLog> {
    const log = new ScriptedAppendLog(this.durable(name));
    this.#logs.set(name, log);
    return Promise.resolve(mortalLog(log, life));
  }
}

function mortalLog(log: ScriptedAppendLog, life: Life): AppendLog {
  let isScheduled = false;
  const commit = (): void => {
    isScheduled = false;
    if (!life.isOver) log.commit();
  };
  return {
    append(record) {
      const receipt = log.append(record);
      if (!isScheduled) {
        isScheduled = true;
        setImmediate(commit);
      }
      return receipt;
    },
    flush: () => log.flush(),
    get pending() {
      return log.pending;
    },
    get firstSeq() {
      return log.firstSeq;
    },
    read: (fromSeq) => log.read(fromSeq),
    trim: (beforeSeq) => (life.isOver ? never() : log.trim(beforeSeq)),
    close() {
      if (!life.isOver) log.commit();
      return life.isOver ? Promise.resolve() : log.close();
    },
  };
}

function mortalStore(store: StateStore, life: Life): StateStore {
  const living = async <T>(work: () => Promise<T>): Promise<T> => {
    await turn();
    return life.isOver ? never() : work();
  };
  return {
    get: (key) => living(() => store.get(key)),
    set: (key, value, options) => {
      const copy = structuredClone(value);
      return living(() => store.set(key, copy, options));
    },
    setAll: (entries) => {
      const copies = structuredClone(entries);
      return living(() => store.setAll(copies));
    },
    delete: (key, options) => living(() => store.delete(key, options)),
    list: (prefix) => living(() => store.list(prefix)),
    close: () => Promise.resolve(),
  };
}
