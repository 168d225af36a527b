import { join } from 'node:path';
import { FileSnapshotStore } from './file-snapshot-store.ts';
import type { JsonValue } from './json.ts';
import type { LogFs } from './log-fs.ts';
import type { LogPlace } from './log-place.ts';
import { salvagePath } from './salvage-swap.ts';
import { readSnapshot, snapshotIn } from './snapshot-file.ts';

/** The snapshots of a log, and how its records were numbered anew. */
interface Renumbered {
  /** Names of the files. */
  readonly snapshots: readonly string[];
  readonly firstSeq: number;
  /** The old number of each record that was kept, in order; the first is now `firstSeq`, and so on. */
  readonly oldSeqs: readonly number[];
  /** The text of the last kept record up to each snapshot; none when all of them are lost. */
  readonly lastBefore: ReadonlyMap<number, string>;
}

/** The lines of a snapshot whose own record may be another one now: `last`, in whose place it stands. */
export type RebaseSnapshot = (lines: readonly JsonValue[], last: JsonValue) => readonly JsonValue[];

/**
 * Writes the snapshots whose last record has another number now among the new files, under that number: they hold also
 * what the lost records did. One that is damaged is only moved aside, one whose number stays is left alone.
 *
 * @returns names of the files to move aside
 */
export async function salvageSnapshots(
  fs: LogFs,
  log: LogPlace,
  renumbered: Renumbered,
  rebase: RebaseSnapshot = (lines) => lines,
): Promise<string[]> {
  const { snapshots, firstSeq, oldSeqs, lastBefore } = renumbered;
  const store = await FileSnapshotStore.open({ directory: salvagePath(log), name: log.name }, { fs });
  const moved: string[] = [];
  for (const file of snapshots.toSorted()) {
    const seq = snapshotIn(file)?.seq ?? 0;
    // From before the log begins: nothing follows on it, and nothing did.
    if (seq < firstSeq - 1) continue;
    const after = oldSeqs.findIndex((oldSeq) => oldSeq > seq);
    const newSeq = firstSeq - 1 + (after < 0 ? oldSeqs.length : after);
    if (newSeq === seq) continue;
    moved.push(file);
    const lines = await linesOf(fs, join(log.directory, file), seq);
    if (lines === undefined) continue;
    const last = lastBefore.get(seq);
    await store.save(newSeq, last === undefined ? lines : rebase(lines, JSON.parse(last) as JsonValue));
  }
  await store.close();
  const written = await fs.list(salvagePath(log));
  return [...new Set([...moved, ...snapshots.filter((file) => written.includes(file))])];
}

async function linesOf(fs: LogFs, path: string, seq: number) {
  const file = await fs.open(path, 'read');
  try {
    return await readSnapshot(file, seq);
  } catch {
    return undefined; // damaged, which whoever looks into the directory of the originals can see
  } finally {
    await file.close();
  }
}
