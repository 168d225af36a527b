import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { DataDirectory } from '../storage/data-directory.ts';
import type { FileAppendLog } from '../storage/file-append-log.ts';
import { storageName } from '../storage/storage-name.ts';
import { type AuditRecord, auditRecordSchema } from './audit-record.ts';
import type { AuditSink } from './audit-sink.ts';

const schema = z.strictObject({
  /** Created if absent. A disk of its own, which whoever runs the process cannot write otherwise, is what makes it an archive. */
  directory: z.string().min(1),
  /** What the log is called there. */
  log: storageName.default('audit'),
  /** Name of the sink: under which its position is kept. */
  name: storageName.default('file'),
  /** As of the log itself. Default 64 MiB. */
  segmentBytes: z.int().min(1).optional(),
});

/** @interface */
export type FileAuditSinkOptions = z.input<typeof schema>;

/**
 * An archive of the audit log in another directory: lines of JSON with a checksum, in the format of the log, so that
 * `portcullis audit verify` and `portcullis replay` read it as they read the log. What comes twice stands there once; what
 * contradicts a record that is there, or leaves a gap, is refused.
 */
export class FileAuditSink implements AuditSink {
  readonly name: string;
  readonly #options: z.output<typeof schema>;
  readonly #deps: { readonly clock: Pick<Clock, 'nowMs'> };
  #place: Promise<Place> | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: FileAuditSinkOptions, deps: { readonly clock: Pick<Clock, 'nowMs'> }) {
    this.#options = parseOptions('FileAuditSink', schema, options);
    this.#deps = deps;
    this.name = this.#options.name;
  }

  /**
   * Resolves when the records are durable there.
   *
   * @throws {PortcullisError} `AUDIT_CHAIN_BROKEN` when they do not go on from what is there; as `DataDirectory.open` and
   *   `AppendLog.append`. The next call opens the directory anew.
   */
  async ship(records: readonly AuditRecord[]): Promise<void> {
    const [first] = records;
    if (first === undefined) return;
    try {
      this.#place ??= this.#open(first);
      const place = await this.#place;
      const news = records.filter(({ seq }) => seq > place.last.seq);
      await confirmKnown(place.log, records.slice(0, records.length - news.length));
      for (const record of news) place.last = following(place.last, record);
      await Promise.all(news.map((record) => place.log.append(record)));
    } catch (error) {
      await this.close().catch(() => undefined);
      throw error;
    }
  }

  /** Lets go of the directory. */
  async close(): Promise<void> {
    const place = this.#place;
    this.#place = undefined;
    await (await place?.catch(() => undefined))?.directory.close();
  }

  async #open({ seq }: AuditRecord): Promise<Place> {
    const { directory: path, log: name, segmentBytes } = this.#options;
    const directory = await DataDirectory.open(path, this.#deps);
    try {
      const log = await directory.openLog(name, {
        firstSeq: seq,
        ...(segmentBytes !== undefined && { segmentBytes }),
      });
      return { directory, log, last: await lastOf(log) };
    } catch (error) {
      await directory.close();
      throw error;
    }
  }
}

/** Where the archive ends. Without a hash while it is empty: then it begins with whatever comes. */
interface Last {
  readonly seq: number;
  readonly hash?: string;
}

function following({ seq, hash }: Last, record: AuditRecord): Last {
  if (record.seq === seq + 1 && (hash ?? record.prev) === record.prev) return record;
  throw contradiction(record, `it ends with record ${seq}${hash === undefined ? '' : ` of hash ${hash}`}`);
}

interface Place {
  readonly directory: DataDirectory;
  readonly log: FileAppendLog;
  last: Last;
}

async function lastOf(log: FileAppendLog): Promise<Last> {
  const lastSeq = log.firstSeq + log.openReport.records - 1;
  for await (const { record } of log.read(lastSeq)) return auditRecordSchema.parse(record);
  return { seq: lastSeq };
}

/** What comes again has to be what is there. */
async function confirmKnown(log: FileAppendLog, records: readonly AuditRecord[]): Promise<void> {
  const [first] = records;
  if (first === undefined) return;
  const hashes = new Map(records.map((record) => [record.seq, record]));
  for await (const { seq, record } of log.read(first.seq)) {
    const known = hashes.get(seq);
    if (known === undefined) return;
    const { hash } = auditRecordSchema.parse(record);
    if (hash !== known.hash) throw contradiction(known, `it has the hash ${hash}`);
  }
}

const contradiction = ({ seq, hash }: AuditRecord, there: string): PortcullisError =>
  new PortcullisError(
    'AUDIT_CHAIN_BROKEN',
    `audit archive: record ${seq} of hash ${hash} contradicts what is there: ${there}`,
    { details: { atSeq: seq } },
  );
