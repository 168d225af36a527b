import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import type { DeadLetter, DeadLetterFilter } from '../events/index.ts';
import { type Command, type CommandIo, type Verdict, named } from './command.ts';
import { eventsCommand, list, sourceOptions, whole } from './events-options.ts';
import type { EventSource, LetterChange } from './events-source.ts';
import { printable } from './printable.ts';
import { withSource } from './with-source.ts';

/** Letters that are asked for, and changed, at a time. */
const PAGE = 1_000;

const about = { group: named.optional(), topic: named.optional() };

/** Prints dead letters, the oldest first. */
export const eventsDeadList: Command = eventsCommand({
  name: 'events dead list',
  about: 'prints the events that groups could not handle, and why, the oldest first',
  usage: ['[--group GROUP]', '[--topic TOPIC]', '[--limit N]', '[--after LETTER]'],
  options: z.strictObject({
    ...sourceOptions,
    ...about,
    limit: whole(PAGE).default(100),
    after: named.optional(),
  }),
  run: ({ group, topic, limit, after, format, ...options }, io) =>
    withSource<Verdict>({ ...options, format }, 'read', io, async (source) => {
      const letters = await source.letters({ group, topic, limit, after });
      if (letters.length === 0 && after !== undefined && !(await idsOf(source, {})).includes(after))
        throw new PortcullisError('INPUT_INVALID', `events dead list: after: there is no letter ${after}`);
      for (const letter of letters) io.out(printable(lineOf(letter, format)));
      const last = letters.at(-1);
      if (last !== undefined && letters.length === limit)
        io.err(`events: ${limit} letters shown, more may follow: --after ${last.letterId}`);
      return 'ok';
    }),
});

const changeOptions = z.strictObject({
  ...sourceOptions,
  ...about,
  letters: list.optional(),
  by: named,
  reason: named,
});
const CHANGE_USAGE = [
  '--letters ID[,ID]|--group GROUP [--topic TOPIC]',
  '--by NAME',
  '--reason TEXT',
  '[--audit NAME]',
];

/** Gives events to their groups once more. */
export const eventsDeadRequeue: Command = eventsCommand({
  name: 'events dead requeue',
  about: 'gives events to the group that could not handle them once more, behind the newest',
  usage: CHANGE_USAGE,
  options: changeOptions,
  run: (options, io) => change('requeue', options, io),
});

/** Removes dead letters for good. */
export const eventsDeadDiscard: Command = eventsCommand({
  name: 'events dead discard',
  about: 'removes dead letters for good',
  usage: CHANGE_USAGE,
  options: changeOptions,
  run: (options, io) => change('discard', options, io),
});

function change(
  verb: LetterChange['verb'],
  options: z.output<typeof changeOptions>,
  io: CommandIo,
): Promise<Verdict> {
  const { group, letters, by, reason } = options;
  if ((letters === undefined) === (group === undefined))
    throw new PortcullisError('INPUT_INVALID', `events dead ${verb}: expected --letters or --group`);
  return withSource(options, 'change', io, async (source) => {
    const letterIds = letters ?? (await idsOf(source, options));
    const done: string[] = [];
    for (let at = 0; at < letterIds.length; at += PAGE) {
      const some = letterIds.slice(at, at + PAGE);
      done.push(...(await source.change({ verb, letterIds: some, by, reason })));
    }
    const there = new Set(done);
    for (const id of done) io.out(id);
    for (const id of letterIds) if (!there.has(id)) io.err(printable(`events: there is no letter ${id}`));
    return there.size === letterIds.length ? 'ok' : 'not-ok';
  });
}

/** Of all letters that are there when it begins. */
async function idsOf(
  source: EventSource,
  { group, topic }: Pick<DeadLetterFilter, 'group' | 'topic'>,
): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const letters = await source.letters({ group, topic, limit: PAGE, after: ids.at(-1) });
    ids.push(...letters.map(({ letterId }) => letterId));
    if (letters.length < PAGE) return ids;
  }
}

function lineOf(letter: DeadLetter, format: 'json' | 'text'): string {
  if (format === 'json') return JSON.stringify(letter);
  const { letterId, group, topic, position, reason, attempts, atMs, detail } = letter;
  const when = new Date(atMs).toISOString();
  return `${when} ${letterId} ${group} ${topic} ${position} ${reason} after ${attempts}: ${detail}`;
}
