import { PortcullisError } from '../core/errors.ts';
import { auditVerify } from './audit-commands.ts';
import type { Command, CommandIo } from './command.ts';
import { journalRepair, journalShow, journalVerify } from './journal-commands.ts';
import { killSwitchRelease, killSwitchShow, killSwitchTrip } from './kill-switch-commands.ts';

const COMMANDS: readonly Command[] = [
  journalVerify,
  journalShow,
  journalRepair,
  auditVerify,
  killSwitchShow,
  killSwitchTrip,
  killSwitchRelease,
];

/** What the process ends with. */
export const EXIT = { ok: 0, notOk: 1, badInput: 2 } as const;

/**
 * Runs one command of the `portcullis` command line: `journal verify DIR`, `kill-switch release DIR ...`. Without any, or
 * with `--help`, says what there is.
 *
 * @returns the exit code: 0, 1 when something was found to be wrong or failed, 2 for what the caller can put right
 */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const [room = '--help', verb = '', ...rest] = args;
  if (room === '--help' || room === 'help') {
    for (const line of help()) io.out(line);
    return EXIT.ok;
  }
  const found = COMMANDS.find(({ name }) => name === `${room} ${verb}`);
  if (found === undefined) {
    io.out(`portcullis: no command ${[room, verb].join(' ').trim()}; see portcullis --help`);
    return EXIT.badInput;
  }
  try {
    return (await found.run(rest, io)) === 'ok' ? EXIT.ok : EXIT.notOk;
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    io.out(`portcullis: ${error.code}: ${error.message}`);
    return BAD_INPUT.has(error.code) ? EXIT.badInput : EXIT.notOk;
  }
}

const BAD_INPUT: ReadonlySet<string> = new Set([
  'INPUT_INVALID',
  'OPTION_INVALID',
  'FILE_UNREADABLE',
  'PRINCIPAL_REQUIRED',
  'RELEASE_REFUSED',
  'DATA_DIR_LOCKED',
]);

function help(): string[] {
  return [
    'usage: portcullis COMMAND DIRECTORY [options]',
    '',
    'Works on the data directory of a trading process that is not running.',
    '',
    ...COMMANDS.flatMap(({ name, about, usage }) => [
      `  ${name} DIRECTORY ${usage.join(' ')}`,
      `      ${about}`,
    ]),
  ];
}
