import type { Snapshot, SnapshotStore } from '../snapshot-store.ts';
import { type CopyReport, CopyDigest, contradiction } from './copy-digest.ts';

/** What is read of snapshots. */
export type SnapshotSource = Pick<SnapshotStore, 'newest'>;

/**
 * Copies the good snapshots that are kept, each under its sequence number, and reads them again to compare.
 *
 * @throws {PortcullisError} `INPUT_INVALID` when the target holds something else; what the stores throw
 */
export async function copySnapshots(from: SnapshotSource, to: SnapshotStore): Promise<CopyReport> {
  const source = await allOf(from);
  const texts = new Map(source.map(({ seq, lines }) => [seq, JSON.stringify(lines)]));
  const known = await allOf(to);
  for (const { seq, lines } of known) {
    if (texts.get(seq) !== JSON.stringify(lines))
      throw contradiction(`snapshot ${seq} is not that of the source`);
  }
  const there = new Set(known.map(({ seq }) => seq));
  const digest = new CopyDigest();
  for (const { seq, lines } of source) {
    digest.add([seq, lines]);
    if (!there.has(seq)) await to.save(seq, lines);
  }
  const after = new Set((await allOf(to)).map(({ seq, lines }) => `${seq} ${JSON.stringify(lines)}`));
  for (const [seq, text] of texts) {
    if (!after.has(`${seq} ${text}`)) throw contradiction(`snapshot ${seq} is not what was written`);
  }
  return { copied: source.length - there.size, present: there.size, digest: digest.end() };
}

/** The oldest first, so that the newest is the last that is written. */
async function allOf(store: SnapshotSource): Promise<readonly Snapshot[]> {
  const found: Snapshot[] = [];
  for (let next = await store.newest(); next !== undefined;) {
    found.unshift(next);
    next = next.seq === 0 ? undefined : await store.newest(next.seq - 1);
  }
  return found;
}
