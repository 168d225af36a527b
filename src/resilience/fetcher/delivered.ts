import type { z } from 'zod';
import type { Call } from '../call.ts';
import { messageOf } from '../../core/message-of.ts';
import { type Failed, type Outcome, failed, success } from '../outcome.ts';
import type { Cached } from '../policies/cache.ts';
import type { DataResponse, FetchRequest } from './fetch-request.ts';
import type { SourceAnswer } from './source.ts';

/** What is delivered of an answer, wherever it is from. */
export type Answered = Pick<SourceAnswer, 'status' | 'data'>;

/** What the caller gets of an answer: its data as the schema gives it. */
export function delivered<S extends z.ZodType>(
  { value, origin, ageMs }: Cached<Answered>,
  { source, endpoint, schema }: FetchRequest<S>,
  { stats }: Call,
): Outcome<DataResponse<z.output<S>>> {
  const parsed = schema === undefined ? success(value.data as z.output<S>) : parsedBy(schema, value.data);
  if (!parsed.ok) return parsed;
  const data = parsed.value;
  const { attempts, waitMs, workMs } = stats;
  const meta = { source, endpoint, origin, attempts, waitMs, upstreamMs: workMs, ageMs };
  return success({ data, status: value.status, meta });
}

/** Data as a schema gives it. The schema may throw, and one that is asynchronous does. */
export function parsedBy<S extends z.ZodType>(schema: S, data: unknown): Outcome<z.output<S>> {
  try {
    const parsed = schema.safeParse(data);
    return parsed.success ? success(parsed.data) : misfit(issuesOf(parsed.error));
  } catch (error) {
    return misfit(`the schema failed: ${messageOf(error)}`);
  }
}

/** The source is up; it says something else than was expected, and would say it again. */
const misfit = (detail: string): Failed =>
  failed({ code: 'RESPONSE_INVALID', upstream: 'alive', mayRetry: false, because: 'schema', detail });

const issuesOf = ({ issues }: z.ZodError): string =>
  issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => `${path.join('.') || '(whole)'}: ${message}`)
    .join('; ');

/** More would hide the first ones. */
const MOST_ISSUES = 5;
