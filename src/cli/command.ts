import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';

/** Where a command writes, and what it takes the time from. */
export interface CommandIo {
  readonly clock: Clock;
  /** What `--version` says. */
  readonly version: string;
  /** Variables that a configuration is loaded with. Default: those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** One line of the answer. */
  out(line: string): void;
  /** One line about what went wrong. */
  err(line: string): void;
  /** Calls `stop` when whoever asked wants it to end (Ctrl-C), until disposed. Default: never. */
  onInterrupt?(stop: () => void): Disposable;
}

/** What a command found: `ok` is exit code 0, `not-ok` is 1. */
export type Verdict = 'ok' | 'not-ok';

/** One command: `portcullis <name> <directory> [--options]`, or without a directory where it says so. */
export interface Command {
  readonly name: string;
  /** One line, for the help. */
  readonly about: string;
  /** Options as they are written: `--by NAME`. */
  readonly usage: readonly string[];
  /** What stands behind the name before the options. Default: the directory. */
  readonly operand?: 'none' | 'SOURCE';
  run(args: readonly string[], io: CommandIo): Promise<Verdict>;
}

interface CommandParts<S extends z.ZodObject> {
  readonly name: string;
  readonly about: string;
  readonly usage: readonly string[];
  /** Every option takes a value. */
  readonly options: S;
  run(directory: string, options: z.output<S>, io: CommandIo): Promise<Verdict>;
}

/** Puts a command together from typed options. */
export const command = <S extends z.ZodObject>(parts: CommandParts<S>): Command => ({
  name: parts.name,
  about: parts.about,
  usage: parts.usage,
  async run(args, io) {
    const { directory, values } = read(parts.name, Object.keys(parts.options.shape), args);
    return parts.run(directory, parseInput(parts.name, parts.options, values), io);
  },
});

/** @throws {PortcullisError} `INPUT_INVALID` */
function read(name: string, options: readonly string[], args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(options.map((option) => [option, { type: 'string' } as const])),
      allowPositionals: true,
    });
    const [directory, ...more] = positionals;
    if (directory === undefined || directory === '' || more.length > 0) {
      throw new Error(
        `expected one directory, got ${positionals.length === 0 ? 'none' : positionals.join(' ')}`,
      );
    }
    return { directory, values: { ...values } };
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split(/\n|\. /)[0] ?? '') : String(cause);
    const known = message.includes('Unknown option')
      ? `, expected one of ${options.map((option) => `--${option}`).join(' ')}`
      : '';
    throw new PortcullisError('INPUT_INVALID', `${name}: ${message}${known}`, { cause });
  }
}

/** A text that is given and not blank. */
export const named = z.string('expected a value').trim().min(1, 'expected a value');
