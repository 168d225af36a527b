import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import type { BusEvent, StartPosition } from '../events/index.ts';
import { type Command, type CommandIo, type Verdict, named } from './command.ts';
import { eventsCommand, list, sourceOptions, whole } from './events-options.ts';
import type { EventSource } from './events-source.ts';
import { printable } from './printable.ts';
import { withSource } from './with-source.ts';

const filter = { types: list.optional(), topic: named.optional() };
const NEWEST = 10;

const tailOptions = z.strictObject({ ...sourceOptions, ...filter, limit: whole().optional() });
type TailOptions = z.output<typeof tailOptions>;

/** Prints events as they are published. */
export const eventsTail: Command = eventsCommand({
  name: 'events tail',
  about: `prints events as they are published, until Ctrl-C or --limit; of a directory, in which nothing is published now, the newest ${NEWEST} or --limit`,
  usage: ['[--types TYPE[,TYPE]]', '[--topic TOPIC]', '[--limit N]'],
  options: tailOptions,
  run: (options, io) =>
    withSource(options, 'read', io, (source) => (source.isLive ? follow : newest)(source, options, io)),
});

async function follow(source: EventSource, options: TailOptions, io: CommandIo): Promise<Verdict> {
  const { types, topic, limit = Infinity, format } = options;
  return interruptible(io, async (stop, signal) => {
    let shown = 0;
    const unread = await source.read(
      { types, topic, from: 'new', follow: true, signal },
      (event, position) => {
        io.out(lineOf(event, position, format));
        if (++shown >= limit) stop();
      },
    );
    return told(unread, io);
  });
}

async function newest(source: EventSource, options: TailOptions, io: CommandIo): Promise<Verdict> {
  const { types, topic, limit = NEWEST, format } = options;
  return interruptible(io, async (_, signal) => {
    const last: string[] = [];
    const query = { types, topic, from: 'beginning', follow: false, signal } as const;
    const unread = await source.read(query, (event, position) => {
      last.push(lineOf(event, position, format));
      if (last.length > limit) last.shift();
    });
    for (const line of last) io.out(line);
    return told(unread, io);
  });
}

/** Prints what was published before. */
export const eventsReplay: Command = eventsCommand({
  name: 'events replay',
  about:
    'prints what was published before, from the beginning, behind a position of --topic, or since a time',
  usage: [
    '[--from beginning|POSITION]',
    '[--since TIME]',
    '[--types TYPE[,TYPE]]',
    '[--topic TOPIC]',
    '[--limit N]',
  ],
  options: z.strictObject({
    ...sourceOptions,
    ...filter,
    limit: whole().optional(),
    from: named.default('beginning'),
    since: z.iso.datetime({ offset: true, error: 'expected a time such as 2026-01-02T12:00:00Z' }).optional(),
  }),
  run: (options, io) => {
    const { types, topic, limit = Infinity, format } = options;
    const from = startOf(options);
    return withSource(options, 'read', io, (source) =>
      interruptible(io, async (stop, signal) => {
        let shown = 0;
        const unread = await source.read({ types, topic, from, follow: false, signal }, (event, position) => {
          io.out(lineOf(event, position, format));
          if (++shown >= limit) stop();
        });
        if (shown === 0 && options.from !== 'beginning')
          io.err(printable(`events: nothing is behind ${options.from}`));
        return told(unread, io);
      }),
    );
  },
});

function startOf({
  from,
  since,
  topic,
}: {
  readonly from: string;
  readonly since?: string | undefined;
  readonly topic?: string | undefined;
}): Exclude<StartPosition, 'new'> {
  if (since !== undefined && from !== 'beginning')
    throw new PortcullisError('INPUT_INVALID', 'events replay: since: expected from or since, not both');
  if (since !== undefined) return { timeMs: Date.parse(since) };
  if (from === 'beginning') return from;
  if (topic !== undefined) return { topic, position: from };
  throw new PortcullisError(
    'INPUT_INVALID',
    'events replay: from: a position is one of a topic: add --topic',
  );
}

async function interruptible(
  io: CommandIo,
  run: (stop: () => void, signal: AbortSignal) => Promise<Verdict>,
): Promise<Verdict> {
  const abort = new AbortController();
  const stop = (): void => {
    abort.abort();
  };
  const interrupt = io.onInterrupt?.(stop);
  try {
    return await run(stop, abort.signal);
  } finally {
    interrupt?.[Symbol.dispose]();
  }
}

/**
 * A CloudEvent in JSON, with where it stands as the extension attribute `position`, for `--from`; or what a person looks for
 * first.
 */
function lineOf(event: BusEvent, position: string, format: 'json' | 'text'): string {
  if (format === 'json') return printable(JSON.stringify({ ...event, position }));
  const { time, type, subject = '-', data } = event;
  return printable(`${time} ${position} ${type} ${subject} ${JSON.stringify(data)}`);
}

function told(unread: number, io: CommandIo): Verdict {
  if (unread === 0) return 'ok';
  io.err(
    `events: ${unread} or more could not be read: not in the catalogue (--catalogue), broken, or cut off`,
  );
  return 'not-ok';
}
