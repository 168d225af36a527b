import { parseArgs } from 'node:util';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import { type ReplayedRecord, replayLog } from '../desk/replay/replay-log.ts';
import { type Command, type CommandIo, type Verdict, named } from './command.ts';
import { existingLog } from './existing-log.ts';
import { inDirectory } from './in-directory.ts';

const NAME = 'replay';

const schema = z
  .strictObject({
    seq: z.coerce
      .number('expected the number of a record')
      .int('expected the number of a record')
      .min(1, 'expected 1 or more')
      .optional(),
    all: z.boolean().default(false),
    'data-dir': named,
    log: named.default('audit'),
  })
  .refine(({ seq, all }) => all !== (seq !== undefined), 'expected the number of a record, or --all');

/** Makes verdicts again from what the audit log says they were made from. */
export const replay: Command = {
  name: NAME,
  about: 'makes a verdict again from the audit log, and compares',
  usage: ['SEQ|--all', '--data-dir DIRECTORY', '[--log NAME]'],
  operand: 'none',
  async run(args, io) {
    const options = parseInput(NAME, schema, read(args));
    return inDirectory<Verdict>(options['data-dir'], io, async (directory) => {
      const log = await existingLog(directory, options.log, io);
      const { seq } = options;
      return seq === undefined
        ? all(options.log, replayLog(log), io)
        : one(
            options.log,
            seq,
            replayLog(log, (found) => found === seq),
            io,
          );
    });
  },
};

/** @throws {PortcullisError} `INPUT_INVALID` */
function read(args: readonly string[]): Record<string, unknown> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { all: { type: 'boolean' }, 'data-dir': { type: 'string' }, log: { type: 'string' } },
      allowPositionals: true,
    });
    const [seq, ...more] = positionals;
    if (more.length > 0) throw new Error(`expected one record, got ${positionals.join(' ')}`);
    return { ...values, ...(seq !== undefined && { seq }) };
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split(/\n|\. /)[0] ?? '') : String(cause);
    throw new PortcullisError('INPUT_INVALID', `${NAME}: ${message}`, { cause });
  }
}

async function one(
  log: string,
  seq: number,
  found: AsyncIterable<ReplayedRecord>,
  io: CommandIo,
): Promise<Verdict> {
  for await (const record of found) {
    tell(log, record, io);
    return record.result.kind === 'same' ? 'ok' : 'not-ok';
  }
  io.err(`${log}: record ${seq} is not there, or no verdict`);
  return 'not-ok';
}

/** What was not recorded proves nothing either way, and is only counted. */
async function all(log: string, found: AsyncIterable<ReplayedRecord>, io: CommandIo): Promise<Verdict> {
  const counts: Record<ReplayedRecord['result']['kind'], number> = {
    same: 0,
    different: 0,
    broken: 0,
    impossible: 0,
    unrecorded: 0,
  };
  for await (const record of found) {
    const { kind } = record.result;
    counts[kind] += 1;
    if (kind !== 'same' && kind !== 'unrecorded') tell(log, record, io);
  }
  const sum = Object.values(counts).reduce((total, count) => total + count, 0);
  const parts = Object.entries(counts).flatMap(([kind, count]) => (count === 0 ? [] : [`${count} ${kind}`]));
  io.out(`${log}: ${sum} verdicts${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`);
  return counts.different + counts.broken + counts.impossible === 0 ? 'ok' : 'not-ok';
}

function tell(log: string, { seq, timeMs, decision, result }: ReplayedRecord, io: CommandIo): void {
  const at = Number.isFinite(timeMs) ? ` of ${new Date(timeMs).toISOString()}` : '';
  io.out(`${log} ${seq}${at}: ${decision}: ${result.kind}`);
  if ('why' in result) io.out(`  ${result.why}`);
  if ('differences' in result) {
    for (const { what, recorded, again } of result.differences) {
      io.out(`  ${what}: on record ${recorded}; again ${again}`);
    }
  }
  if ('notes' in result) for (const note of result.notes) io.out(`  ${note}`);
}
