import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { systemRandom } from '../../core/backoff.ts';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import { parseOptions } from '../../core/options.ts';
import type { AppendLog, AppendReceipt, LogEntry } from '../../storage/append-log.ts';
import { AppendQueue } from '../../storage/append-queue.ts';
import type { JsonValue } from '../../storage/json.ts';
import { storageName } from '../../storage/storage-name.ts';
import { LogConnection } from './log-connection.ts';
import { readLog } from './log-reading.ts';
import { damaged, headOf, type LogHead, moveStart, removeOld, takeLog } from './log-table.ts';
import { fenced, LogWriter } from './log-writer.ts';
import type { PostgresDatabase } from './postgres-database.ts';

const Options = z.strictObject({
  /** One log per name and schema. */
  name: storageName,
  /**
   * Token of the lease under which the log is written. A higher one takes the log over, an equal one opens it anew, a lower one
   * is refused, and so is none where there was one. Default: none; whoever opens the log last writes it.
   */
  fence: z.int().min(1).optional(),
  /** For how long records wait for a server that is away before they are refused, milliseconds. Default: 10,000. */
  retryForMs: z.int().min(0).max(3_600_000).default(10_000),
  /** Records that go out in one statement. 1 to 10,000. Default: 1,000. */
  maxBatch: z.int().min(1).max(10_000).default(1_000),
  /** Sequence number of the first record of a log that is not there yet: for the copy of a trimmed one. Default: 1. */
  firstSeq: z.int().min(1).default(1),
});

/** @interface */
export type PostgresAppendLogOptions = z.input<typeof Options>;

export interface PostgresAppendLogDeps {
  readonly database: PostgresDatabase;
  /** From 0 to 1, for the waits between attempts. Default: a random source. */
  readonly random?: (() => number) | undefined;
}

/** Characters of record text that go out in one statement. */
const MAX_BATCH_LENGTH = 1024 * 1024;
/** Records that one statement removes, so that none takes long. */
const TRIM_RECORDS = 5_000;

/**
 * An append log on PostgreSQL. Records that arrive while a batch is on its way go out together in the next one, in one
 * statement, which the server does as a whole or not at all, and only for the owner of the log: after another process has
 * opened it, everything here is refused with `LOG_FENCED`, what was on its way included.
 *
 * A record is durable once the server has it on its disk, and its synchronous standbys as it is set up. When an answer is lost,
 * or the server says that it has not waited for a standby, the log connects again and looks at how far the server has come,
 * so that nothing is written twice, by a small write which the standbys confirm together with all before it.
 */
export class PostgresAppendLog implements AppendLog {
  readonly #options: z.output<typeof Options>;
  readonly #database: PostgresDatabase;
  readonly #connection: LogConnection;
  readonly #queue: AppendQueue;
  readonly #writer: LogWriter;
  readonly #logId: number;
  readonly #owner: string;
  #firstSeq: number;
  #isWriting = false;
  #trimming: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  private constructor(
    options: z.output<typeof Options>,
    { database, random = systemRandom }: PostgresAppendLogDeps,
    connection: LogConnection,
    head: LogHead,
  ) {
    const { clock, logger } = database;
    this.#options = options;
    this.#database = database;
    this.#connection = connection;
    this.#queue = new AppendQueue(`log ${options.name} on PostgreSQL`, head.lastSeq);
    this.#writer = new LogWriter(options, { clock, logger, random, asking: () => connection.asking() }, head);
    this.#logId = head.logId;
    this.#owner = head.owner;
    this.#firstSeq = head.firstSeq;
  }

  /**
   * Opens or creates a log and takes it over: who wrote it before is refused from now on.
   *
   * @throws {PortcullisError} `LOG_FENCED` for a token that is lower than the last one, or when another takes it over meanwhile; `LOG_DAMAGED` when its first or last record
   * is not there; `STORE_UNAVAILABLE`; `OPTION_INVALID`.
   */
  static async open(
    options: PostgresAppendLogOptions,
    deps: PostgresAppendLogDeps,
  ): Promise<PostgresAppendLog> {
    const parsed = parseOptions('PostgresAppendLog', Options, options);
    const { name, fence = 0, firstSeq } = parsed;
    const connection = new LogConnection(deps.database, `log:${name}`);
    try {
      const query = await connection.asking();
      const head = await takeLog(query, name, { owner: randomUUID(), fence, firstSeq });
      if (head === undefined) throw refused(name, fence, (await headOf(query, name))?.fence ?? 0);
      const { rows } = await query<Ends>(ENDS, [head.logId, head.firstSeq]);
      try {
        for (const found of rows) check(deps.database, name, head, found);
      } catch (error) {
        // Taken over since, by somebody who has written or trimmed.
        throw (await headOf(query, name))?.owner === head.owner ? error : fenced(name);
      }
      return new PostgresAppendLog(parsed, deps, connection, head);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** Sequence number of the last record that is durable; one below `firstSeq` where there is none. */
  get lastSeq(): number {
    return this.#writer.lastSeq;
  }

  get pending(): number {
    return this.#queue.pending;
  }

  append(record: JsonValue | object): Promise<AppendReceipt> {
    const receipt = this.#queue.append(record);
    if (!this.#isWriting && this.#queue.pending > 0) {
      this.#isWriting = true;
      // A microtask later, so that all that is appended in one go shares a statement.
      queueMicrotask(() => void this.#write());
    }
    return receipt;
  }

  flush(): Promise<void> {
    return this.#queue.flush();
  }

  /**
   * On a connection of its own, in one transaction, which keeps the server from cleaning up as long as it lasts: leave it when
   * you are through. Rejects with `STORE_UNAVAILABLE` when the connection is lost, and `LOG_DAMAGED`.
   */
  read(fromSeq = 1): AsyncIterable<LogEntry> {
    return readLog(this.#database, this.#options.name, fromSeq);
  }

  /** Exact: every record before `beforeSeq` goes but the last. */
  trim(beforeSeq: number): Promise<number> {
    if (this.#queue.isClosed) return Promise.reject(this.#queue.closed());
    const trimmed = this.#trimming.then(() => this.#trim(beforeSeq));
    this.#trimming = trimmed.catch(ignore);
    return trimmed;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#queue.close();
    await this.#queue.flush();
    await this.#trimming;
    this.#connection.close();
  }

  async #trim(beforeSeq: number): Promise<number> {
    const { name } = this.#options;
    const query = this.#database.query.bind(this.#database);
    const firstSeq = Math.min(Math.ceil(beforeSeq), this.#writer.lastSeq);
    if (!(firstSeq > this.#firstSeq)) return this.#firstSeq;
    try {
      if (!(await moveStart(query, this.#logId, this.#owner, firstSeq))) throw fenced(name);
      this.#firstSeq = firstSeq;
      while ((await removeOld(query, this.#logId, TRIM_RECORDS)) === TRIM_RECORDS);
      return firstSeq;
    } catch (cause) {
      throw this.#failure('old records were not all removed', cause);
    }
  }

  async #write(): Promise<void> {
    try {
      while (this.#queue.pending > 0) {
        const batch = this.#queue.peek(MAX_BATCH_LENGTH).slice(0, this.#options.maxBatch);
        await this.#writer.write(batch.map(({ text }) => text));
        this.#queue.settle(batch.length);
      }
    } catch (cause) {
      const what = `record ${this.#writer.lastSeq + 1} was not written`;
      const advice = 'Nothing is written after it; close the log and open it again once the server is well';
      this.#queue.fail(this.#failure(what, cause, advice));
      this.#connection.close();
    }
    this.#isWriting = false;
  }

  #failure(what: string, cause: unknown, advice = ''): PortcullisError {
    if (cause instanceof PortcullisError && cause.code === 'LOG_FENCED') return cause;
    const message =
      `log ${this.#options.name} on PostgreSQL: ${what}: ${messageOf(cause)}. ${advice}`.trimEnd();
    return new PortcullisError('LOG_WRITE_FAILED', message, { cause });
  }
}

interface Ends {
  readonly first: number | null;
  readonly last: number | null;
  readonly fsync: string;
}

const ENDS = `
  SELECT (SELECT min(seq) FROM $schema.log_records WHERE log_id = $1 AND seq >= $2) AS first,
    (SELECT max(seq) FROM $schema.log_records WHERE log_id = $1) AS last,
    current_setting('fsync') AS fsync`;

function check(
  { logger }: PostgresDatabase,
  name: string,
  { firstSeq, lastSeq }: LogHead,
  found: Ends,
): void {
  if (found.fsync !== 'on')
    logger.warn(
      { log: name },
      'this PostgreSQL server runs with fsync off: a crash of its machine can lose or damage the log',
    );
  if (lastSeq < firstSeq && found.last === null) return;
  if (found.first !== firstSeq)
    throw damaged(name, firstSeq, 'the first record', String(found.first ?? 'none'));
  if (found.last !== lastSeq) throw damaged(name, lastSeq, 'the last record', String(found.last ?? 'none'));
}

const refused = (name: string, fence: number, theirs: number): PortcullisError =>
  new PortcullisError(
    'LOG_FENCED',
    `log ${name} on PostgreSQL: owned under token ${theirs}, and opened ${fence === 0 ? 'without one' : `with ${fence}`}`,
    { details: { name, fence: theirs } },
  );

const ignore = (): void => undefined;
