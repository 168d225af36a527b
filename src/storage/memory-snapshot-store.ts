import { z } from 'zod';
import { parseInput } from '../core/options.ts';
import { type JsonValue, toJsonText } from './json.ts';
import type { Snapshot, SnapshotStore } from './snapshot-store.ts';

const Seq = z.int().min(0);
const KEPT = 2;

/** Snapshots that live as long as the object: for tests. All lines are taken within the call. */
export class MemorySnapshotStore implements SnapshotStore {
  readonly skipped = [];
  readonly #texts = new Map<number, string>();

  save(seq: number, lines: Iterable<JsonValue | object>): Promise<void> {
    return new Promise((resolve) => {
      const texts = Array.from(lines, (line, at) => toJsonText(`line ${at + 1} of a snapshot`, line));
      this.#texts.set(parseInput('snapshot', Seq, seq), `[${texts.join(',')}]`);
      for (const old of this.#newestFirst().slice(KEPT)) this.#texts.delete(old);
      resolve();
    });
  }

  newest(atMostSeq = Infinity): Promise<Snapshot | undefined> {
    const seq = this.#newestFirst().find((found) => found <= atMostSeq);
    if (seq === undefined) return Promise.resolve(undefined);
    return Promise.resolve({ seq, lines: JSON.parse(this.#texts.get(seq) ?? '') as JsonValue[] });
  }

  #newestFirst(): number[] {
    return [...this.#texts.keys()].sort((a, b) => b - a);
  }
}
