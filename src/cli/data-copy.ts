import { parseArgs } from 'node:util';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { parseInput } from '../core/options.ts';
import { type CopyReport, CopyDigest, logDigest } from '../storage/copy/copy-digest.ts';
import { confirmBeginning, copyLog } from '../storage/copy/copy-log.ts';
import { copySnapshots } from '../storage/copy/copy-snapshots.ts';
import { copyState } from '../storage/copy/copy-state.ts';
import { type Command, type CommandIo, type Verdict, named } from './command.ts';
import type { DataPlace } from './data-place.ts';
import { directoryPlace } from './directory-place.ts';
import { postgresPlace } from './postgres-place.ts';

const NAME = 'data copy';

const schema = z.strictObject({
  from: named,
  to: named,
  schema: named.optional(),
  'dry-run': z.boolean().default(false),
  json: z.boolean().default(false),
});

/** What was copied of one thing. */
interface Copied extends CopyReport {
  readonly kind: 'store' | 'snapshots' | 'log';
  readonly name: string;
}

/** Copies everything that a trading process keeps, between a data directory and PostgreSQL. */
export const dataCopy: Command = {
  name: NAME,
  about:
    'copies logs, state and snapshots between a data directory and PostgreSQL (postgres://...), and compares both; the target has to be empty, or left by a copy that was interrupted',
  usage: ['--from PLACE', '--to PLACE', '[--schema NAME]', '[--dry-run]', '[--json]'],
  operand: 'none',
  async run(args, io) {
    const options = parseInput(NAME, schema, valuesIn(args));
    if (options.from === options.to) throw invalid('expected two places');
    const from = await placeOf(options.from, options.schema, false, io);
    try {
      const copied = options['dry-run'] ? await look(from) : await copyTo(options, from, io);
      for (const line of linesOf(copied, options)) io.out(line);
      return 'ok' satisfies Verdict;
    } finally {
      await from.close();
    }
  },
};

async function copyTo(
  { to: place, schema: name }: z.output<typeof schema>,
  from: DataPlace,
  io: CommandIo,
): Promise<readonly Copied[]> {
  const to = await placeOf(place, name, true, io);
  try {
    return await copyAll(from, to, io);
  } finally {
    await to.close();
  }
}

/** State goes first: a directory that has records and no kill switch halts, one that has only state does not trade on it. */
async function copyAll(from: DataPlace, to: DataPlace, { clock }: CommandIo): Promise<readonly Copied[]> {
  const { stores, snapshots, logs } = await from.names();
  await refuseOthers(to, { stores, snapshots, logs });
  if (to.isShared) await refuseOtherLogs(from, to, logs);
  const copied: Copied[] = [];
  for (const name of stores) {
    const report = await copyState(await from.openStore(name), await to.openStore(name), { clock });
    copied.push({ kind: 'store', name, ...report });
  }
  for (const name of snapshots) {
    const report = await copySnapshots(await from.openSnapshots(name), await to.openSnapshots(name));
    copied.push({ kind: 'snapshots', name, ...report });
  }
  for (const name of logs) {
    const source = await from.readLog(name);
    const target = await to.openLog(name, source.firstSeq);
    try {
      copied.push({ kind: 'log', name, ...(await copyLog(source, target)) });
    } finally {
      await target.close();
    }
  }
  return copied;
}

/** A target that holds what the source does not is another one's. */
async function refuseOthers(to: DataPlace, names: Awaited<ReturnType<DataPlace['names']>>): Promise<void> {
  const there = await to.names();
  for (const kind of ['stores', 'snapshots', 'logs'] as const) {
    const other = there[kind].find((name) => !names[kind].includes(name));
    if (other !== undefined) throw invalid(`the target has ${kind} ${other}, which the source has not`);
  }
}

/** Before any of them is opened, which would take it from whoever writes it. */
async function refuseOtherLogs(from: DataPlace, to: DataPlace, logs: readonly string[]): Promise<void> {
  const there = new Set((await to.names()).logs);
  for (const name of logs) {
    if (there.has(name)) await confirmBeginning(await from.readLog(name), await to.readLog(name));
  }
}

/** What would be copied, without a look at the target. */
async function look(from: DataPlace): Promise<readonly Copied[]> {
  const { stores, snapshots, logs } = await from.names();
  const found: Copied[] = [];
  for (const name of stores) {
    const entries = await (await from.openStore(name)).list('');
    const digest = new CopyDigest();
    for (const { key, value } of entries) digest.add([key, value]);
    found.push({ kind: 'store', name, copied: 0, present: entries.length, digest: digest.end() });
  }
  for (const name of snapshots) {
    const newest = await (await from.openSnapshots(name)).newest();
    const digest = new CopyDigest();
    if (newest !== undefined) digest.add([newest.seq, newest.lines]);
    found.push({
      kind: 'snapshots',
      name,
      copied: 0,
      present: newest === undefined ? 0 : 1,
      digest: digest.end(),
    });
  }
  for (const name of logs) {
    const log = await from.readLog(name);
    let present = 0;
    for await (const _ of log.read()) present += 1;
    found.push({ kind: 'log', name, copied: 0, present, digest: await logDigest(log.read()) });
  }
  return found;
}

function linesOf(
  copied: readonly Copied[],
  { json, 'dry-run': isDry }: z.output<typeof schema>,
): readonly string[] {
  if (json) return [JSON.stringify({ dryRun: isDry, copied })];
  const lines = copied.map(({ kind, name, copied: done, present, digest }) => {
    const counts = isDry ? `${present} to copy` : `${done} copied, ${present} were there`;
    return `${kind} ${name}: ${counts}, digest ${digest}`;
  });
  return [...lines, isDry ? 'nothing was changed (--dry-run)' : 'all is the same on both sides'];
}

const placeOf = (
  place: string,
  name: string | undefined,
  isMade: boolean,
  io: CommandIo,
): Promise<DataPlace> =>
  /^postgres(ql)?:\/\//.test(place) ? postgresPlace(place, name, io) : directoryPlace(place, isMade, io);

function valuesIn(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        schema: { type: 'string' },
        'dry-run': { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
    return { ...values };
  } catch (cause) {
    throw invalid(messageOf(cause).split(/\n|\. /)[0] ?? '', cause);
  }
}

const invalid = (message: string, cause?: unknown): PortcullisError =>
  new PortcullisError('INPUT_INVALID', `${NAME}: ${message}`, { cause });
