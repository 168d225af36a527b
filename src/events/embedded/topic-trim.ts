import type { TopicDisk } from './topic-disk.ts';

export interface TrimBounds {
  /** Somebody still needs this one and all behind it. */
  readonly needed: number;
  /** More of them are kept than so many up to here. */
  readonly byCount: number;
  /** What was taken before is too old, wall time; `-Infinity` for no limit. */
  readonly oldestMs: number;
}

/** Removes from disk what nobody needs and is older or more than is kept. */
export async function trimTopic(disk: TopicDisk, { needed, byCount, oldestMs }: TrimBounds): Promise<void> {
  const isOld = async (seq: number): Promise<boolean> =>
    oldestMs > -Infinity && ((await disk.takenMs(seq)) ?? Infinity) < oldestMs;
  // By age it is the first that is young enough: what is older stands before it.
  let [low, high] = [Math.max(disk.firstSeq, Math.min(needed, byCount)), needed];
  if (!(await isOld(low))) high = low;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (await isOld(middle)) low = middle + 1;
    else high = middle;
  }
  if (low > disk.firstSeq) await disk.trim(low);
}
