import type { JsonValue } from './json.ts';

/** A state as it was once the record `seq` of a log had been taken in. */
export interface Snapshot {
  /** 0 for the state before the first record. */
  readonly seq: number;
  readonly lines: readonly JsonValue[];
}

/** A snapshot that was passed over, and what is wrong with it. */
export interface SkippedSnapshot {
  /** Name of the file. */
  readonly file: string;
  readonly why: string;
}

/**
 * Checkpoints of a state that grows from a log: with the newest, only the records after it have to be read again. The
 * newest two are kept, by sequence number.
 */
export interface SnapshotStore {
  /**
   * Resolves when the snapshot is durable. Other work goes on in between: the lines are taken from the iterable bit by bit,
   * so it has to give the state as it was at `seq`, whatever changes meanwhile. A line is serialised as soon as it is
   * taken. A snapshot of the same `seq` is replaced; saves wait for each other.
   *
   * Rejects with `INPUT_INVALID` for a `seq` that is not a whole number from 0 or a line that is not JSON, with
   * `SNAPSHOT_FAILED` when the disk refused or the store is closed, and with what the iterable throws. The snapshots
   * before it are then as they were.
   */
  save(seq: number, lines: Iterable<JsonValue | object>): Promise<void>;
  /**
   * The newest one that is whole and not newer than `atMostSeq` (default: any), undefined where there is none. A damaged,
   * cut off or foreign one is passed over and told in `skipped`.
   *
   * Rejects with `SNAPSHOT_FAILED` when it cannot be found out what there is.
   */
  newest(atMostSeq?: number): Promise<Snapshot | undefined>;
  /** What the latest `newest()` passed over, the newest first. */
  readonly skipped: readonly SkippedSnapshot[];
}
