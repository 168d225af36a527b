import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { person } from '../core/principal.ts';
import { KillSwitch } from '../risk/kill-switch.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import { type SalvageReport, salvageLog } from '../storage/salvage-log.ts';
import { KEEP_AUDIT } from './audit-commands.ts';
import { Changes, openAudit } from './audit-trail.ts';
import { type Command, type CommandIo, type Verdict, command, named } from './command.ts';
import { inDirectory } from './in-directory.ts';
import { JournalSense, rebaseCheckpoint } from './journal-sense.ts';

const schema = z.strictObject({
  log: named.default('journal'),
  store: named.default('state'),
  audit: named.default('audit'),
  by: named,
  reason: named,
});

type Options = z.output<typeof schema>;

/** Lines that the audit log names one by one. */
const MOST_LINES = 20;

/** Keeps every record of a damaged log that is whole and makes sense, and halts trading until a person has looked. */
export const journalRepair: Command = command({
  name: 'journal repair',
  about: 'keeps what is whole of a damaged log, moves the damaged files aside, and halts trading',
  usage: ['--by NAME', '--reason TEXT', '[--log NAME]', '[--store NAME]', '[--audit NAME]'],
  options: schema,
  run: (path, options, io) =>
    inDirectory<Verdict>(path, io, async (directory) => {
      if (options.log === options.audit)
        throw new PortcullisError('INPUT_INVALID', `journal repair: ${KEEP_AUDIT}`);
      tell(options, await repair(directory, options, io), io);
      return 'ok';
    }),
});

async function repair(directory: DataDirectory, options: Options, io: CommandIo): Promise<SalvageReport> {
  const { log: name, audit: auditName, by, reason } = options;
  const audit = await openAudit(directory, auditName, io.clock);
  const snapshots = await directory.openSnapshots(name);
  const sense = new JournalSense(await snapshots.newest());
  await snapshots.close();
  const report = await salvageLog(
    { directory: directory.path, name },
    {
      refuse: (record, seq) => sense.refuse(record, seq),
      rebase: rebaseCheckpoint,
      // First halted, then repaired: nobody must find a repaired journal and trade.
      confirm: async (planned) => {
        if (!sense.knowsAccounts) throw withoutAccounts(name, planned);
        const changes = await halt(directory, options, planned, io);
        await changes.recordIn(audit);
      },
    },
  );
  if (report.outcome === 'clean') return report;
  const { lost, ...counts } = report;
  const lines = { lostLines: lost.length, lost: lost.slice(0, MOST_LINES) };
  await audit.record({ kind: 'journal.repaired', by: person(by), reason, log: name, ...counts, ...lines });
  return report;
}

async function halt(
  directory: DataDirectory,
  { log, store, by, reason }: Options,
  { lost, recordsMissing }: Planned,
  io: CommandIo,
): Promise<Changes> {
  const deps = { store: await directory.openStore(store), clock: io.clock };
  const killSwitch = await KillSwitch.open(deps, false);
  const changes = new Changes(killSwitch);
  const why = `${log} repaired, ${lost.length} lines lost, ${recordsMissing} records missing: compare with the venue, then release`;
  const { error } = await killSwitch.trip({ to: 'halted', reason: `${why} (${reason})`, by: person(by) });
  if (error !== undefined) throw error;
  return changes;
}

type Planned = Omit<SalvageReport, 'movedTo'>;

const withoutAccounts = (name: string, { recordsKept }: Planned): PortcullisError =>
  new PortcullisError(
    'JOURNAL_INCOMPLETE',
    `${name}: the first record, which names the accounts, is lost, and no good snapshot has them: the ${recordsKept} ` +
      'records that are whole cannot be replayed. Nothing was changed. Put the directory back from a copy; or begin ' +
      'with a new data directory and the balances and positions that the venue reports',
  );

function tell({ log }: Options, report: SalvageReport, io: CommandIo): void {
  const { outcome, recordsKept, recordsMissing, lost, movedTo } = report;
  if (outcome === 'clean') {
    io.out(`${log}: ${recordsKept} records, nothing to repair`);
    return;
  }
  io.out(`${log}: ${recordsKept} records kept, ${recordsMissing} missing; what could not be kept:`);
  for (const { file, line, bytes, why } of lost) io.out(`  ${file} line ${line}, ${bytes} bytes: ${why}`);
  io.out(`the files as they were are in ${movedTo ?? ''}`);
  io.out('firm is halted: start, compare with the venue, adjust, then release');
}
