import { parseArgs } from 'node:util';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { parseInput } from '../core/options.ts';
import { type CopyReport, CopyDigest } from '../storage/copy/copy-digest.ts';
import { confirmBeginning, copyLog, grown } from '../storage/copy/copy-log.ts';
import { copySnapshots } from '../storage/copy/copy-snapshots.ts';
import { copyState } from '../storage/copy/copy-state.ts';
import { type Command, type CommandIo, type Verdict, named } from './command.ts';
import type { DataNames, DataPlace, PlaceUse } from './data-place.ts';
import { directoryPlace } from './directory-place.ts';
import { checkPostgresPlace, postgresPlace } from './postgres-place.ts';

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

/** Copies logs, state and snapshots of a trading process between a data directory and PostgreSQL, and names what it leaves behind. */
export const dataCopy: Command = {
  name: NAME,
  about:
    'copies logs, state and snapshots between a data directory and PostgreSQL (postgres://...), and compares both; the target has to be empty, or left by a copy that was interrupted; a trading history is not copied',
  usage: ['--from PLACE', '--to PLACE', '[--schema NAME]', '[--dry-run]', '[--json]'],
  operand: 'none',
  async run(args, io) {
    const options = parseInput(NAME, schema, valuesIn(args));
    if (options.from === options.to) throw invalid('expected two places');
    await checkPlaces(options);
    const from = await placeOf(options.from, options.schema, 'source', io);
    try {
      const names = await namesOf(from);
      const copied = options['dry-run'] ? await look(from, names) : await copyTo(options, from, names, io);
      for (const line of linesOf(copied, names, options)) io.out(line);
      return 'ok' satisfies Verdict;
    } finally {
      await from.close();
    }
  },
};

async function namesOf(from: DataPlace): Promise<DataNames> {
  const names = await from.names();
  if (names.stores.length + names.snapshots.length + names.logs.length > 0) return names;
  throw invalid('--from: expected a place that holds something, found no log, state or snapshot');
}

async function copyTo(
  { to: place, schema: name }: z.output<typeof schema>,
  from: DataPlace,
  names: DataNames,
  io: CommandIo,
): Promise<readonly Copied[]> {
  const to = await placeOf(place, name, 'target', io);
  try {
    const copied = await copyAll(from, to, names, io);
    await to.finish();
    return copied;
  } finally {
    await to.close();
  }
}

/** State goes first: a directory that has records and no kill switch halts, one that has only state does not trade on it. */
async function copyAll(
  from: DataPlace,
  to: DataPlace,
  names: DataNames,
  { clock }: CommandIo,
): Promise<readonly Copied[]> {
  const { stores, snapshots, logs } = names;
  const ends = await from.ends();
  await refuseOthers(to, names);
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
  // State, snapshots and logs are of one moment only where nothing was written meanwhile.
  for (const [name, end] of await from.ends()) {
    if (end !== ends.get(name)) throw grown(`record ${end} of log ${name}`);
  }
  return copied;
}

/** A target that holds what the source does not is another one's. */
async function refuseOthers(to: DataPlace, names: DataNames): Promise<void> {
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
async function look(from: DataPlace, { stores, snapshots, logs }: DataNames): Promise<readonly Copied[]> {
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
    const digest = new CopyDigest();
    for await (const { seq, record } of log.read()) {
      digest.add([seq, record]);
      present += 1;
    }
    found.push({ kind: 'log', name, copied: 0, present, digest: digest.end() });
  }
  return found;
}

function linesOf(
  copied: readonly Copied[],
  { others }: DataNames,
  { json, 'dry-run': isDry }: z.output<typeof schema>,
): readonly string[] {
  if (json) return [JSON.stringify({ dryRun: isDry, copied, notCopied: others })];
  const lines = copied.map(({ kind, name, copied: done, present, digest }) => {
    const counts = isDry ? `${present} to copy` : `${done} copied, ${present} were there`;
    return `${kind} ${name}: ${counts}, digest ${digest}`;
  });
  lines.push(...others.map((other) => `not copied: ${other}`));
  return [...lines, isDry ? 'nothing was changed (--dry-run)' : 'all is the same on both sides'];
}

const isPostgres = (place: string): boolean => /^postgres(ql)?:\/\//i.test(place);

/** Before anything is opened, and also where only the source is looked at. */
async function checkPlaces(options: z.output<typeof schema>): Promise<void> {
  for (const name of ['from', 'to'] as const) {
    const place = options[name];
    if (isPostgres(place)) await checkPostgresPlace(place, options.schema);
    else if (place.includes('://') || /^postgres\w*:/i.test(place)) {
      // No more of it than how it begins: what follows may be a password.
      const got = place.slice(0, place.indexOf(':') + 1);
      throw invalid(
        `--${name}: expected a directory, or postgres://[user[:password]@]host/database, got ${got}...`,
      );
    }
  }
  if (options.schema === undefined || isPostgres(options.from) || isPostgres(options.to)) return;
  throw invalid('--schema: expected only where a place is PostgreSQL');
}

const placeOf = (
  place: string,
  name: string | undefined,
  use: PlaceUse,
  io: CommandIo,
): Promise<DataPlace> =>
  isPostgres(place) ? postgresPlace({ url: place, schema: name, use }, io) : directoryPlace(place, use, io);

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
