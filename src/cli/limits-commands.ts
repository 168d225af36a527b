import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { readLimitFile } from '../desk/limits/limit-file.ts';
import { readLimits, readRecorded, textOf } from '../desk/limits/limit-engines.ts';
import { type LimitDifference, limitDifferences } from '../desk/limits/limit-difference.ts';
import { type LimitRecord, LimitRecordStore } from '../desk/limits/limit-record.ts';
import type { JsonValue } from '../storage/json.ts';
import { type Command, type CommandIo, type Verdict, command, named } from './command.ts';
import { inDirectory } from './in-directory.ts';

const store = named.default('state');
const TIMEOUT_MS = 5_000;

/** What was recorded; `undefined` while no limit has ever been changed. A new directory is not there to be read: it would be made. */
const recordedIn = (path: string, name: string, io: CommandIo): Promise<LimitRecord | undefined> =>
  inDirectory(path, io, async (directory) => {
    if (directory.isNew) {
      throw new PortcullisError('FILE_UNREADABLE', `${path}: nothing has been recorded here yet`);
    }
    return new LimitRecordStore(await directory.openStore(name), io.clock, TIMEOUT_MS).read();
  });

function nothing(io: CommandIo): Verdict {
  io.out('no limits recorded: the process starts with those that it is configured with');
  return 'ok';
}

/** Prints the limits that the next process starts with. */
export const limitsShow: Command = command({
  name: 'limits show',
  about: 'prints the limits that were recorded, by whom and why',
  usage: ['[--store NAME]'],
  options: z.strictObject({ store }),
  run: async (path, options, io) => {
    const record = await recordedIn(path, options.store, io);
    if (record === undefined) return nothing(io);
    const { risk, execution, by, reason, atMs } = record;
    io.out(`changed ${new Date(atMs).toISOString()} by ${by.id}: ${reason}`);
    for (const line of JSON.stringify({ risk, execution }, undefined, 2).split('\n')) io.out(line);
    return 'ok';
  },
});

/** Compares the limits that were recorded with those of a file. Changes nothing. */
export const limitsDiff: Command = command({
  name: 'limits diff',
  about: 'says what a limits file would change of what was recorded; ends with 1 when something differs',
  usage: ['--file FILE', '[--store NAME]'],
  options: z.strictObject({ store, file: named }),
  run: async (path, { store: name, file }, io) => {
    const { risk, execution } = readLimits(readLimitFile(await contentOf(file)));
    const record = await recordedIn(path, name, io);
    if (record === undefined) return nothing(io);
    const recorded = readRecorded(record);
    const before = textOf(recorded);
    const after = textOf({ risk: risk ?? recorded.risk, execution: execution ?? recorded.execution });
    const differences = limitDifferences({ ...before }, { ...after });
    for (const one of differences) io.out(lineOf(one));
    if (differences.length === 0) io.out('no difference');
    return differences.length === 0 ? 'ok' : 'not-ok';
  },
});

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `${file}: ${messageOf(cause)}`, { cause });
  }
}

const lineOf = ({ path, from, to }: LimitDifference): string => `${path}: ${shown(from)} -> ${shown(to)}`;

const shown = (value: JsonValue | undefined): string =>
  value === undefined ? 'none' : JSON.stringify(value);
