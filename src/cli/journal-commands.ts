import { z } from 'zod';
import type { JsonValue } from '../storage/json.ts';
import { type Command, type Verdict, command, named } from './command.ts';
import { existingLog } from './existing-log.ts';
import { inDirectory } from './in-directory.ts';

const log = named.default('journal');
const whole = z.coerce
  .number('expected a whole number')
  .int('expected a whole number')
  .min(1, 'expected 1 or more');

/** Reads the journal, or any other log, from beginning to end, and the snapshots beside it. */
export const journalVerify: Command = command({
  name: 'journal verify',
  about: 'checks every record of a log, and its snapshots',
  usage: ['[--log NAME]'],
  options: z.strictObject({ log }),
  run: (path, { log: name }, io) =>
    inDirectory<Verdict>(path, io, async (directory) => {
      const opened = await existingLog(directory, name, io);
      const { records, segments } = opened.openReport;
      const files = segments === 1 ? '1 file' : `${segments} files`;
      io.out(`${name}: ${records} records in ${files}, the first is ${opened.firstSeq}; all are whole`);
      const snapshots = await directory.openSnapshots(name);
      const newest = await snapshots.newest();
      if (newest !== undefined) io.out(`${name}: the newest good snapshot is of record ${newest.seq}`);
      for (const { file, why } of snapshots.skipped) io.out(`${file}: not good: ${why}`);
      return snapshots.skipped.length === 0 ? 'ok' : 'not-ok';
    }),
});

/** Prints records as JSON, one per line. */
export const journalShow: Command = command({
  name: 'journal show',
  about: 'prints records of a log, one per line',
  usage: ['[--log NAME]', '[--from SEQ]', '[--limit N]', '[--order CLIENT_ORDER_ID]'],
  options: z.strictObject({
    log,
    from: whole.default(1),
    limit: whole.default(1_000),
    order: named.optional(),
  }),
  run: (path, { log: name, from, limit, order }, io) =>
    inDirectory<Verdict>(path, io, async (directory) => {
      const opened = await existingLog(directory, name, { out: io.err.bind(io) });
      let shown = 0;
      for await (const { seq, record } of opened.read(from)) {
        if (order !== undefined && !isAbout(record, order)) continue;
        if (shown === limit) {
          io.err(`${name}: ${limit} records shown, more follow: --from ${seq}`);
          break;
        }
        io.out(`${seq} ${JSON.stringify(record)}`);
        shown += 1;
      }
      return 'ok';
    }),
});

/** Also an order that was brought back, which stands one level deeper. */
function isAbout(record: JsonValue, clientOrderId: string): boolean {
  const fields = record as { clientOrderId?: unknown; order?: { clientOrderId?: unknown } } | null;
  return (fields?.clientOrderId ?? fields?.order?.clientOrderId) === clientOrderId;
}
