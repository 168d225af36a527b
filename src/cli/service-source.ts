import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { eventApi } from '../event-service/event-api.ts';
import type { BusEvent } from '../events/index.ts';
import { createClient } from '../service/http/http-client.ts';
import type { CommandIo } from './command.ts';
import type { SourceOptions } from './events-options.ts';
import type { EventQuery, EventSource, OnEvent } from './events-source.ts';
import { readServerSentEvents } from './sse-reader.ts';

/** Before a tail that broke off is asked for again. */
const AGAIN_MS = 1_000;
/** What a proxy shows the service: that the caller is known. */
const TOKEN = 'PORTCULLIS_TOKEN';

const endSchema = z.object({ because: z.string() });

/**
 * The bus behind an event service. What changes anything is recorded there, with whom the token of `PORTCULLIS_TOKEN` belongs
 * to.
 *
 * @throws {PortcullisError} `OPTION_INVALID`, also for credentials in the URL
 */
export function serviceSource(
  { source }: SourceOptions,
  { clock, env = process.env }: Pick<CommandIo, 'clock' | 'env'>,
): EventSource {
  const token = env[TOKEN];
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const client = createClient(eventApi, { baseUrl: source, headers }, { clock });
  const tail = `${source.replace(/\/+$/, '')}/v1/events`;
  return {
    isLive: true,
    read: (query, onEvent) => readOn(tail, headers, query, onEvent, clock),
    letters: async ({ group, topic, limit, after }) =>
      (await client.listDeadLetters({ query: { group, topic, limit, after } })).letters,
    change: async ({ verb, letterIds, reason }) => {
      const body = { letterIds: [...letterIds], reason };
      const answer =
        verb === 'requeue' ? client.requeueDeadLetters({ body }) : client.discardDeadLetters({ body });
      return (await answer).letterIds;
    },
    close: () => Promise.resolve(),
  };
}

async function readOn(
  tail: string,
  headers: Record<string, string>,
  query: EventQuery,
  onEvent: OnEvent,
  clock: Pick<Clock, 'sleep'>,
): Promise<number> {
  const { signal, follow } = query;
  const place: { last?: string } = {};
  const url = `${tail}?${paramsOf(query)}`;
  for (;;) {
    const asked = { ...headers, ...(place.last !== undefined && { 'last-event-id': place.last }) };
    const reading = readOnce(url, asked, signal, place, onEvent);
    // The first answer says whether it can be had at all; what breaks off after that goes on, unless it is refused.
    const end = await reading.catch((error: unknown) => {
      if (place.last === undefined || !follow || !isRetryable(error)) throw error;
    });
    if (signal.aborted || end === 'complete') return 0;
    if (!follow) return 1;
    await clock.sleep(AGAIN_MS, signal).catch(() => undefined);
  }
}

async function readOnce(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  place: { last?: string },
  onEvent: OnEvent,
): Promise<'complete' | 'broken'> {
  try {
    const answer = await fetch(url, { headers, signal, redirect: 'error' });
    if (answer.status !== 200 || answer.body === null) throw await refusalOf(answer);
    for await (const { event, id = place.last ?? '', data } of readServerSentEvents(answer.body)) {
      if (signal.aborted) return 'broken';
      place.last = id;
      if (event === undefined) continue;
      const value: unknown = JSON.parse(data);
      if (event !== '$end') onEvent(value as BusEvent, id);
      else if (endSchema.safeParse(value).data?.because === 'complete') return 'complete';
    }
    return 'broken';
  } catch (cause) {
    if (signal.aborted) return 'broken';
    if (cause instanceof PortcullisError) throw cause;
    throw new PortcullisError('REQUEST_FAILED', `events: ${messageOf(cause)}`, { cause });
  }
}

async function refusalOf(answer: Response): Promise<PortcullisError> {
  const text = await answer.text();
  const { detail, issues = [] } = problemIn(text);
  const said = [detail, ...issues.map(({ message }) => message)].filter((each) => each !== undefined);
  const { status } = answer;
  const code = status === 400 ? 'INPUT_INVALID' : 'REQUEST_FAILED';
  return new PortcullisError(code, `events: ${status} ${said.join(': ')}`.trim(), { details: { status } });
}

/** What is refused with 4xx stays so, but for a timeout and too many requests. */
function isRetryable(error: unknown): boolean {
  const status = error instanceof PortcullisError ? error.details['status'] : undefined;
  return !(typeof status === 'number' && status >= 400 && status < 500 && status !== 408 && status !== 429);
}

const problemSchema = z.object({
  detail: z.string().optional(),
  issues: z.array(z.object({ message: z.string() })).optional(),
});

function problemIn(text: string): z.output<typeof problemSchema> {
  try {
    return problemSchema.parse(JSON.parse(text));
  } catch {
    return { detail: text.slice(0, 200) };
  }
}

function paramsOf({ types, topic, from, follow }: EventQuery): string {
  const params = new URLSearchParams();
  if (types !== undefined) params.set('types', types.join(','));
  if (topic !== undefined) params.set('topic', topic);
  if (typeof from === 'string') params.set('from', from);
  else if ('timeMs' in from) params.set('since', new Date(from.timeMs).toISOString());
  else params.set('from', from.position);
  if (!follow) params.set('until', 'now');
  return params.toString();
}
