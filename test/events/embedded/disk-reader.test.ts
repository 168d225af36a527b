import { describe, expect, test } from 'vitest';
import { DiskReader } from '../../../src/events/embedded/disk-reader.ts';
import type { KeptEntry } from '../../../src/events/embedded/kept-event.ts';

/** A file of so many entries that notes when it is opened and let go. */
function fileOf(count: number) {
  const seen: string[] = [];
  const reader = new DiskReader(async function* (from) {
    seen.push(`open at ${from}`);
    try {
      for (let seq = from; seq <= count; seq += 1) {
        await Promise.resolve();
        yield { seq } as KeptEntry;
      }
    } finally {
      seen.push('let go');
    }
  });
  return { reader, seen };
}

const seqs = (page: readonly KeptEntry[]): readonly number[] => page.map(({ seq }) => seq);

describe('DiskReader', () => {
  test('goes on where it was, without opening the file anew', async () => {
    const { reader, seen } = fileOf(1_000);
    expect(seqs(await reader.page(1, 1_000))).toHaveLength(256);
    expect(seqs(await reader.page(257, 1_000))[0]).toBe(257);
    expect(seen).toEqual(['open at 1']);
  });

  test('opens it anew for another place', async () => {
    const { reader, seen } = fileOf(1_000);
    await reader.page(1, 1_000);
    expect(seqs(await reader.page(2, 1_000))[0]).toBe(2);
    expect(seen).toEqual(['open at 1', 'let go', 'open at 2']);
  });

  test('lets go at the end of what was asked for', async () => {
    const { reader, seen } = fileOf(10);
    expect(seqs(await reader.page(1, 3))).toEqual([1, 2, 3]);
    expect(seen).toEqual(['open at 1', 'let go']);
  });

  test('closed within a read it lets go, and that read ends with what it has', async () => {
    const { reader, seen } = fileOf(1_000);
    await reader.page(1, 1_000);
    const page = reader.page(257, 1_000);
    await reader.close();
    expect(seqs(await page).length).toBeLessThan(256);
    expect(seen).toEqual(['open at 1', 'let go']);
  });

  test('closed before it has opened the file it opens none', async () => {
    const { reader, seen } = fileOf(1_000);
    const page = reader.page(1, 1_000);
    await reader.close();
    expect([await page, seen]).toEqual([[], []]);
  });
});
