import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import { parseInput, parseOptions } from '../../core/options.ts';
import type { JsonValue } from '../../storage/json.ts';
import { SnapshotSum } from '../../storage/snapshot-file.ts';
import { slicesOf } from '../../storage/snapshot-slices.ts';
import type { SkippedSnapshot, Snapshot, SnapshotStore } from '../../storage/snapshot-store.ts';
import { storageName } from '../../storage/storage-name.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import type { PostgresQuery } from './postgres-query.ts';

const Options = z.strictObject({
  /** One row of snapshots per name and schema: that of the log they are made from. */
  name: storageName,
  /**
   * Token of the lease under which the log of this name is written: once a higher one has taken the log over, nothing is saved here
   * any more. Default: none, and nobody looks who owns the log.
   */
  fence: z.int().min(1).optional(),
});

/** @interface */
export type PostgresSnapshotStoreOptions = z.input<typeof Options>;

const Seq = z.int().min(0);
/** For each statement of a save, and between two of them: its lines are made bit by bit beside other work, milliseconds. */
const SAVE_TIMEOUT_MS = 120_000;
/** How many snapshots are kept. */
const KEPT = 2;
/** Pieces that are read in one go. */
const PAGE_PARTS = 50;

/**
 * Snapshots on PostgreSQL, each saved in one transaction: it is there as a whole or not at all. With `fence`, a process
 * whose log another has taken over saves none (`SNAPSHOT_FAILED` with the cause `LOG_FENCED`), and removes none.
 */
export class PostgresSnapshotStore implements SnapshotStore {
  readonly #name: string;
  readonly #fence: number | undefined;
  readonly #database: PostgresDatabase;
  #skipped: readonly SkippedSnapshot[] = [];
  #saving: Promise<unknown> = Promise.resolve();

  /** Nothing is asked yet. @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: PostgresSnapshotStoreOptions, deps: { readonly database: PostgresDatabase }) {
    const { name, fence } = parseOptions('PostgresSnapshotStore', Options, options);
    this.#name = name;
    this.#fence = fence;
    this.#database = deps.database;
  }

  get skipped(): readonly SkippedSnapshot[] {
    return this.#skipped;
  }

  save(seq: number, lines: Iterable<JsonValue | object>): Promise<void> {
    const saved = this.#saving.then(() => this.#save(parseInput('snapshot', Seq, seq), lines));
    this.#saving = saved.catch(ignore);
    return saved;
  }

  async newest(atMostSeq = Infinity): Promise<Snapshot | undefined> {
    const skipped: SkippedSnapshot[] = [];
    const most = Math.min(atMostSeq, Number.MAX_SAFE_INTEGER);
    const found = await this.#failing('looked for', () =>
      this.#database.transaction((query) => this.#newest(query, most, skipped), { readOnly: true }),
    );
    this.#skipped = skipped;
    return found;
  }

  async #save(seq: number, lines: Iterable<JsonValue | object>): Promise<void> {
    let thrown: { readonly error: unknown } | undefined;
    function* slices() {
      try {
        yield* slicesOf(lines);
      } catch (error) {
        thrown = { error };
        throw error;
      }
    }
    await this.#failing('written', async () => {
      try {
        await this.#database.transaction((query) => this.#write(query, seq, slices()), {
          timeoutMs: SAVE_TIMEOUT_MS,
        });
      } catch (error) {
        if (thrown === undefined) throw error;
      }
    });
    if (thrown !== undefined) throw thrown.error;
  }

  async #write(
    query: PostgresQuery,
    seq: number,
    slices: Iterable<{ readonly text: string; readonly count: number }>,
  ): Promise<void> {
    await query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `portcullis snapshots ${this.#database.schema} ${this.#name}`,
    ]);
    await this.#confirmFence(query);
    await query('DELETE FROM $schema.snapshots WHERE name = $1 AND seq = $2', [this.#name, seq]);
    const { rows } = await query<{ id: number }>(
      "INSERT INTO $schema.snapshots (name, seq, ending) VALUES ($1, $2, '') RETURNING snapshot_id AS id",
      [this.#name, seq],
    );
    const id = rows[0]?.id;
    const sum = new SnapshotSum(seq);
    let part = 0;
    for (const { text, count } of slices) {
      sum.add(Buffer.from(text), count);
      await query('INSERT INTO $schema.snapshot_parts (snapshot_id, part, lines) VALUES ($1, $2, $3)', [
        ...[id, part++, text],
      ]);
    }
    await query('UPDATE $schema.snapshots SET ending = $2 WHERE snapshot_id = $1', [id, sum.last()]);
    await query(
      `DELETE FROM $schema.snapshots WHERE name = $1 AND seq NOT IN (
         SELECT seq FROM $schema.snapshots WHERE name = $1 ORDER BY seq DESC LIMIT ${KEPT})`,
      [this.#name],
    );
    await this.#confirmFence(query, 'FOR SHARE');
  }

  /** @param locking so that nobody takes the log over before the transaction ends; its records wait as well */
  async #confirmFence(query: PostgresQuery, locking: 'FOR SHARE' | '' = ''): Promise<void> {
    if (this.#fence === undefined) return;
    const { rows } = await query<{ fence: number }>(
      `SELECT fence FROM $schema.log_heads WHERE name = $1 ${locking}`,
      [this.#name],
    );
    const fence = rows[0]?.fence ?? 0;
    if (fence <= this.#fence) return;
    const message = `its log is owned under token ${fence}, and the snapshot was made under ${this.#fence}`;
    throw new PortcullisError('LOG_FENCED', message, { details: { name: this.#name, fence } });
  }

  async #newest(
    query: PostgresQuery,
    atMostSeq: number,
    skipped: SkippedSnapshot[],
  ): Promise<Snapshot | undefined> {
    const { rows } = await query<Head>(
      `SELECT snapshot_id AS id, seq, ending FROM $schema.snapshots
       WHERE name = $1 AND seq <= $2::numeric ORDER BY seq DESC`,
      [this.#name, atMostSeq],
    );
    for (const head of rows) {
      const texts = await textsOf(query, head.id);
      try {
        return { seq: head.seq, lines: linesOf(head, texts) };
      } catch (error) {
        skipped.push({ file: `${this.#name} ${head.seq}`, why: messageOf(error) });
      }
    }
    return undefined;
  }

  async #failing<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const message = `snapshots ${this.#name} on PostgreSQL cannot be ${what}: ${messageOf(cause)}`;
      throw new PortcullisError('SNAPSHOT_FAILED', message, { cause });
    }
  }
}

interface Head {
  readonly id: number;
  readonly seq: number;
  readonly ending: string;
}

async function textsOf(query: PostgresQuery, id: number): Promise<readonly string[]> {
  const texts: string[] = [];
  for (;;) {
    const { rows } = await query<{ lines: string }>(
      `SELECT lines FROM $schema.snapshot_parts WHERE snapshot_id = $1 AND part >= $2 ORDER BY part LIMIT ${PAGE_PARTS}`,
      [id, texts.length],
    );
    for (const { lines } of rows) texts.push(lines);
    if (rows.length < PAGE_PARTS) return texts;
  }
}

/** @throws {Error} that says what is wrong with them */
function linesOf({ seq, ending }: Head, texts: readonly string[]): JsonValue[] {
  const sum = new SnapshotSum(seq);
  const lines: JsonValue[] = [];
  for (const text of texts) {
    const values = JSON.parse(`[${text.trimEnd().replaceAll('\n', ',')}]`) as JsonValue[];
    sum.add(Buffer.from(text), values.length);
    for (const value of values) lines.push(value);
  }
  if (sum.last() === ending) return lines;
  throw new Error(`the ending says ${ending.trimEnd()}, the lines ${sum.last().trimEnd()}`);
}

const ignore = (): void => undefined;
