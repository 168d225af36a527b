import { MemoryStateStore } from '../storage/memory-state-store.ts';
import type { StateEntry, StateStore } from '../storage/state-store.ts';
import type { CommandIo } from './command.ts';

/**
 * The state of a bus, copied: what a bus that is opened beside it writes changes the copy alone, but for letters that it
 * removes.
 *
 * @param original where those go as well
 */
export async function copiedState(
  entries: readonly StateEntry[],
  { clock }: Pick<CommandIo, 'clock'>,
  original?: { readonly store: StateStore; readonly lettersPrefix: string },
): Promise<StateStore> {
  const copy = new MemoryStateStore({ clock });
  for (const { key, value } of entries) await copy.set(key, value);
  return {
    get: (key) => copy.get(key),
    list: (prefix) => copy.list(prefix),
    set: (key, value, options) => copy.set(key, value, options),
    setAll: (writes) => copy.setAll(writes),
    delete: async (key, options) => {
      if (original !== undefined && key.startsWith(original.lettersPrefix)) await original.store.delete(key);
      return copy.delete(key, options);
    },
    close: () => copy.close(),
  };
}

/** How far a bus has come in a topic, by what is kept of it. */
export function reachedIn(entries: readonly StateEntry[], prefix: string, topic: string): number {
  let reached = 0;
  for (const { key, value } of entries) {
    const [kind, ...names] = key.slice(prefix.length).split('.');
    if (names.at(-1) !== topic || typeof value !== 'object' || value === null) continue;
    const { last = 0, floor = 0 } = value as { readonly last?: number; readonly floor?: number };
    if (kind === 'topic' || kind === 'place') reached = Math.max(reached, last, floor);
  }
  return reached;
}
