/**
 * The `portcullis` command, for programs that want to run it: {@link runCommand} with the arguments that stand behind
 * `portcullis` on a command line.
 *
 * @packageDocumentation
 */
export type { CommandIo } from './command.ts';
export { runCommand } from './run.ts';
