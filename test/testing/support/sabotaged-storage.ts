import type { MortalStorage } from '../../contract/support/mortal-storage.ts';

/** After a death, every group is taken to have handled all that there is. */
export async function cursorsAhead(medium: MortalStorage): Promise<void> {
  for (const { key } of await medium.store.list('bus.')) {
    if (!key.includes('.place.')) continue;
    const topic = key.split('.').at(-1) ?? '';
    const floor = medium.durable(topic).at(-1)?.seq ?? 0;
    await medium.store.set(key, { floor, above: [] });
  }
}

/** After a death, logs hold their newest event and nothing else. */
export function trimmedByLength(medium: MortalStorage): void {
  for (const name of medium.names) medium.rewrite(name, (entries) => entries.slice(-1));
}
