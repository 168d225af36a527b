import { z } from 'zod';
import { person } from '../core/principal.ts';
import { KillSwitch } from '../risk/kill-switch.ts';
import { salvageLog } from '../storage/salvage-log.ts';
import { type Command, type Verdict, command, named } from './command.ts';
import { inDirectory } from './in-directory.ts';

const log = z.string().default('journal');
const whole = z.coerce.number().int().min(1);

/** Reads the journal, or any other log, from beginning to end. */
export const journalVerify: Command = command({
  name: 'journal verify',
  about: 'checks every record of a log',
  usage: ['[--log NAME]'],
  options: z.strictObject({ log }),
  run: (path, options, io) =>
    inDirectory<Verdict>(path, io, async (directory) => {
      const opened = await directory.openLog(options.log);
      const { records, segments, tornBytes } = opened.openReport;
      io.out(`${options.log}: ${records} records in ${segments} segments, from ${opened.firstSeq}`);
      if (tornBytes > 0) io.out(`removed the ${tornBytes} bytes of a last record that was cut off`);
      return 'ok';
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
      const opened = await directory.openLog(name);
      let shown = 0;
      for await (const { seq, record } of opened.read(from)) {
        const about = (record as { clientOrderId?: unknown } | null)?.clientOrderId;
        if (order !== undefined && about !== order) continue;
        io.out(`${seq} ${JSON.stringify(record)}`);
        shown += 1;
        if (shown >= limit) break;
      }
      return 'ok';
    }),
});

/** Keeps every record of a damaged log that is whole, and halts trading until a person has looked. */
export const journalRepair: Command = command({
  name: 'journal repair',
  about: 'keeps what is whole of a damaged log, moves the damaged files aside, and halts trading',
  usage: ['--by NAME', '--reason TEXT', '[--log NAME]', '[--store NAME]'],
  options: z.strictObject({ log, store: z.string().default('state'), by: named, reason: named }),
  run: (path, { log: name, store, by, reason }, io) =>
    inDirectory<Verdict>(path, io, async (directory) => {
      const report = await salvageLog({ directory: directory.path, name });
      if (report.outcome === 'clean') {
        io.out(`${name}: ${report.recordsKept} records, nothing to repair`);
        return 'ok';
      }
      const killSwitch = await KillSwitch.open(
        { store: await directory.openStore(store), clock: io.clock },
        false,
      );
      const lost = `${report.lost.length} lines and ${report.recordsMissing} records of ${name}`;
      const why = `repaired: lost ${lost}; compare positions and orders with the venue, then release`;
      const trip = await killSwitch.trip({ to: 'halted', reason: `${why} (${reason})`, by: person(by) });
      io.out(`${name}: kept ${report.recordsKept} records, lost ${lost}`);
      for (const { file, line, bytes } of report.lost) io.out(`  ${file}: line ${line}, ${bytes} bytes`);
      io.out(`the damaged files are in ${report.movedTo ?? 'no directory'}`);
      io.out('firm is halted until a person releases it');
      if (trip.error !== undefined) throw trip.error;
      return 'ok';
    }),
});
