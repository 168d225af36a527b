import { readFileSync } from 'node:fs';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { OrderArchive } from '../../src/desk/index.ts';
import { type JsonValue, type LogEntry, MemoryStateStore } from '../../src/storage/index.ts';
import { NOON_MS } from './desk-world.ts';
import { INSTRUMENTS } from './journal-drive.ts';

export const goldenText = (file: string): string =>
  readFileSync(new URL(`../golden/journal/${file}`, import.meta.url), 'utf8');

export const goldenLines = (file: string): JsonValue[] =>
  goldenText(file)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonValue);

export const goldenEntries = (): LogEntry[] =>
  goldenLines('journal-v1.jsonl').map((record, at) => ({ seq: at + 1, record }));

/** An archive that has taken what the journal says it gave. */
export async function goldenArchive(): Promise<OrderArchive> {
  const clock = new ManualClock(NOON_MS);
  const store = new MemoryStateStore({ clock });
  await store.set('order-archive', { version: 1, before: '2026-01-03' });
  return OrderArchive.open({ store, instruments: INSTRUMENTS, clock });
}
