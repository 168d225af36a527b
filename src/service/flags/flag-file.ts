import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { parseInput } from '../../core/options.ts';
import { messageOf } from '../../core/message-of.ts';
import { Flag } from './flag.ts';
import { type FlagDefinition, flagNameSchema } from './flag-definition.ts';
import type { FlagSet } from './flag-set-provider.ts';

const FORMAT_VERSION = 1;

const schema = z.strictObject({
  version: z.literal(FORMAT_VERSION).default(FORMAT_VERSION),
  /** Definitions by name; each is looked at on its own, so that the message names the flag. */
  flags: z.record(flagNameSchema, z.unknown()),
});

/** The content of a file of flags: `{ "version": 1, "flags": { "new-router": { "type": "boolean", "default": false } } }`. */
export interface FlagFile {
  readonly text: string;
  readonly flags: FlagSet;
}

/** What changed in one flag; undefined where it was not there before, or is not any more. */
export interface FlagDifference {
  readonly flag: string;
  readonly from: FlagDefinition | undefined;
  readonly to: FlagDefinition | undefined;
}

/** @throws {PortcullisError} `INPUT_INVALID`, naming the file, the flag and its field. */
export function parseFlagFile(path: string, text: string): FlagFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new PortcullisError('INPUT_INVALID', `${path}: expected JSON: ${messageOf(cause)}`, { cause });
  }
  const { flags } = parseInput(path, schema, content);
  return {
    text,
    flags: new Map(
      Object.entries(flags).map(([name, definition]) => {
        // Flag.parse looks at it again: what it is called here is only its name.
        return [name, Flag.parse(name, definition as FlagDefinition)];
      }),
    ),
  };
}

/** The same flags but for one. */
export function withFlag(file: FlagFile, flag: Flag): FlagFile {
  const flags = new Map(file.flags).set(flag.name, flag);
  const definitions = Object.fromEntries([...flags].map(([name, { definition }]) => [name, definition]));
  return { flags, text: `${JSON.stringify({ version: FORMAT_VERSION, flags: definitions }, null, 2)}\n` };
}

export function differences(from: FlagSet, to: FlagSet): readonly FlagDifference[] {
  return [...new Set([...from.keys(), ...to.keys()])]
    .map((flag) => ({ flag, from: from.get(flag)?.definition, to: to.get(flag)?.definition }))
    .filter((difference) => !isDeepStrictEqual(difference.from, difference.to));
}
