import type { z } from 'zod';
import type { Call } from '../call.ts';
import type { Failure } from '../failure.ts';
import { type Outcome, failed, success } from '../outcome.ts';
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
  const parsed = schema?.safeParse(value.data);
  const flaw = parsed && schemaFlaw(parsed);
  if (flaw !== undefined) return failed(flaw);
  const data = (parsed === undefined ? value.data : parsed.data) as z.output<S>;
  const { attempts, waitMs, workMs } = stats;
  const meta = { source, endpoint, origin, attempts, waitMs, upstreamMs: workMs, ageMs };
  return success({ data, status: value.status, meta });
}

/** The source is up; it says something else than was expected, and would say it again. */
function schemaFlaw(parsed: z.ZodSafeParseResult<unknown>): Failure | undefined {
  if (parsed.success) return undefined;
  const issues = parsed.error.issues.slice(0, MOST_ISSUES);
  const detail = issues.map(({ path, message }) => `${path.join('.') || '(whole)'}: ${message}`).join('; ');
  return { code: 'RESPONSE_INVALID', upstream: 'alive', mayRetry: false, because: 'schema', detail };
}

/** More would hide the first ones. */
const MOST_ISSUES = 5;
