import { PortcullisError } from '../core/errors.ts';
import { auditHead, auditVerify } from './audit-commands.ts';
import type { Command, CommandIo } from './command.ts';
import { configExplain } from './config-command.ts';
import { dataCopy } from './data-copy.ts';
import { eventsDeadDiscard, eventsDeadList, eventsDeadRequeue } from './events-dead.ts';
import { eventsReplay, eventsTail } from './events-read.ts';
import { journalShow, journalVerify } from './journal-commands.ts';
import { journalRepair } from './journal-repair.ts';
import { killSwitchRelease, killSwitchShow, killSwitchTrip } from './kill-switch-commands.ts';
import { limitsDiff, limitsShow } from './limits-commands.ts';
import { replay } from './replay-command.ts';

const COMMANDS: readonly Command[] = [
  journalVerify,
  journalShow,
  journalRepair,
  auditVerify,
  auditHead,
  replay,
  killSwitchShow,
  killSwitchTrip,
  killSwitchRelease,
  limitsShow,
  limitsDiff,
  configExplain,
  dataCopy,
  eventsTail,
  eventsReplay,
  eventsDeadList,
  eventsDeadRequeue,
  eventsDeadDiscard,
];

/** What the process ends with. */
const EXIT = { ok: 0, notOk: 1, badInput: 2 } as const;

/** What the caller can put right: another argument, another directory, another time. */
const BAD_INPUT: ReadonlySet<string> = new Set([
  'INPUT_INVALID',
  'OPTION_INVALID',
  'FILE_UNREADABLE',
  'PRINCIPAL_REQUIRED',
  'RELEASE_REFUSED',
  'DATA_DIR_LOCKED',
]);

/**
 * Runs one command of the `portcullis` command line: `journal verify DIR`, `kill-switch release DIR ...`. Without any, or
 * with `--help`, says what there is.
 *
 * @returns the exit code: 0, 1 when something was found to be wrong or failed, 2 for what the caller can put right
 */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const [room = '--help', verb = ''] = args;
  if (room === '--help' || room === 'help') {
    say(['usage: portcullis COMMAND DIRECTORY [options]', '', ABOUT, '', ...COMMANDS.flatMap(usageOf)], io);
    return EXIT.ok;
  }
  if (room === '--version') {
    io.out(io.version);
    return EXIT.ok;
  }
  const found = COMMANDS.find(({ name }) => isNamed(name, args));
  if (found === undefined) {
    io.err(`portcullis: no command ${[room, verb].join(' ').trim()}; see portcullis --help`);
    return EXIT.badInput;
  }
  const rest = args.slice(found.name.split(' ').length);
  if (rest.includes('--help')) {
    say([`usage: portcullis ${synopsisOf(found)}`, '', found.about], io);
    return EXIT.ok;
  }
  try {
    return (await found.run(rest, io)) === 'ok' ? EXIT.ok : EXIT.notOk;
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    io.err(`portcullis: ${error.code}: ${error.message}`);
    return BAD_INPUT.has(error.code) ? EXIT.badInput : EXIT.notOk;
  }
}

const isNamed = (name: string, args: readonly string[]): boolean =>
  name.split(' ').every((word, at) => args[at] === word);

const ABOUT =
  'Works on the data directory of a trading process that is not running; config explain on a module; events on such a directory, a Redis server (redis://HOST) or an event service (http://HOST). Ends with 0; 1 when something is wrong or failed; 2 when it was not asked properly.';

const usageOf = (command: Command): string[] => [`  ${synopsisOf(command)}`, `      ${command.about}`];

const synopsisOf = ({ name, usage, operand }: Command): string =>
  [name, ...(operand === 'none' ? [] : [operand ?? 'DIRECTORY']), ...usage].join(' ');

function say(lines: readonly string[], io: CommandIo): void {
  for (const line of lines) io.out(line);
}
