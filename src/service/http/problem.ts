import { STATUS_CODES } from 'node:http';
import { inspect } from 'node:util';
import type { FastifyError, FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';

/** What is wrong with one field of a request. */
export interface ProblemIssue {
  /** Where it stands, such as `querystring/limit`. */
  readonly at: string;
  readonly message: string;
}

/** Problem details of RFC 9457, with the id under which the log tells more. */
export interface Problem {
  /** A URI that names the kind of problem. `about:blank`: the status says it all. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** The path that was asked. */
  readonly instance: string;
  readonly correlationId: string;
  readonly issues?: readonly ProblemIssue[];
}

export interface ProblemOptions {
  /** A URI that names the kind of problem. Default: `about:blank`. */
  readonly type?: string;
  /** Default: the words of the status. */
  readonly title?: string;
  readonly issues?: readonly ProblemIssue[];
  readonly cause?: unknown;
}

/** Thrown by a handler, it becomes the answer: with its status, type, title, message as detail, and issues. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly issues: readonly ProblemIssue[] | undefined;

  /**
   * @param status 400 to 599
   * @param detail what went wrong this time, for whoever asked
   */
  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = Number.isInteger(status) && status >= 400 && status <= 599 ? status : 500;
    this.type = options.type ?? 'about:blank';
    this.title = options.title ?? titleOf(this.status);
    this.issues = options.issues;
  }
}

const titleOf = (status: number): string => STATUS_CODES[status] ?? 'Error';

/** Anything can be thrown; only an error says where. */
export const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error
    ? thrown
    : new Error(`expected an error to be thrown, got ${inspect(thrown, { depth: 0 })}`);

interface Asked {
  readonly id: string;
  readonly url: string;
}

/** What whoever asked is told of an error: of what went wrong inside, nothing but the id. */
export function problemOf(error: unknown, { id, url }: Asked): Problem {
  const about = { instance: pathOf(url), correlationId: id };
  if (error instanceof HttpProblem) {
    const { type, title, status, issues } = error;
    return { type, title, status, detail: error.message, ...about, ...(issues && { issues }) };
  }
  const status = statusOf(error);
  const plain = { type: 'about:blank', title: titleOf(status), status };
  if (status >= 500) return { ...plain, ...about };
  if (!hasZodFastifySchemaValidationErrors(error))
    return { ...plain, detail: (error as FastifyError).message, ...about };
  const { validationContext = 'request', validation } = error;
  const issues = validation.map((issue) => ({
    at: `${validationContext}${issue.instancePath === '/' ? '' : issue.instancePath}`,
    message: issue.message ?? 'is not valid',
  }));
  return { ...plain, detail: 'the request does not fit its schema', ...about, issues };
}

/** Only Fastify says by an error what whoever asked did wrong: the status of any other is that of a server further inside. */
function statusOf(error: unknown): number {
  if (!isOfFastify(error)) return 500;
  const { statusCode } = error;
  return Number.isInteger(statusCode) && statusCode >= 400 && statusCode < 600 ? statusCode : 500;
}

/** Its messages are meant for whoever asked. */
const isOfFastify = (error: unknown): error is FastifyError & { readonly statusCode: number } =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  error.code.startsWith('FST_') &&
  'statusCode' in error &&
  typeof error.statusCode === 'number';

/** Without the query: it may hold what should not be repeated. */
const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';

/** Answers with a problem. */
export const sendProblem = (reply: FastifyReply, problem: Problem): FastifyReply =>
  reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(problem);
