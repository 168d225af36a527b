import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ServiceApp } from './http-server.ts';
import { queryLists } from './query-lists.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One operation of an API: where it is, and the schemas of all that goes in and comes out. */
export interface Operation {
  readonly method: HttpMethod;
  /** Template with parameters, such as `/quotes/:symbol`. */
  readonly path: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly response: z.ZodType;
  /** Default: 200. */
  readonly status?: number;
  /** One line, for the documentation. */
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly deprecated?: boolean;
}

/** Operations by name: what a service serves (`serveApi`) and a client calls (`createClient`), from the same schemas. */
export type HttpApi = Readonly<Record<string, Operation>>;

/** Gives back what it is given, with its types kept. */
export const defineApi = <const A extends HttpApi>(api: A): A => api;

/** One part of an operation, unknown unless it has it. */
export type OperationPart<
  O extends Operation,
  K extends 'params' | 'query' | 'body',
  Side extends 'input' | 'output',
> = O[K] extends infer S extends z.ZodType
  ? { readonly [P in K]: Side extends 'input' ? z.input<S> : z.output<S> }
  : unknown;

/** The parts that an operation has. */
export type OperationParts<O extends Operation, Side extends 'input' | 'output'> = OperationPart<
  O,
  'params',
  Side
> &
  OperationPart<O, 'query', Side> &
  OperationPart<O, 'body', Side>;

/** What a caller gives: the parts that the operation has. */
export type OperationInput<O extends Operation> = OperationParts<O, 'input'>;
/** What a caller gets, and a handler answers. */
export type OperationOutput<O extends Operation> = z.output<O['response']>;

/** What a handler gets: the parts that the operation has, parsed, and the request and reply beneath. */
export type OperationCall<O extends Operation> = OperationParts<O, 'output'> & {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

export type ApiHandlers<A extends HttpApi> = {
  readonly [K in keyof A]: (
    call: OperationCall<A[K]>,
  ) => OperationOutput<A[K]> | Promise<OperationOutput<A[K]>>;
};

const JSON_TYPE = 'application/json; charset=utf-8';

/** Adds a route for every operation; what does not fit its schema is answered with 400, an answer that does not with 500. */
export function serveApi<A extends HttpApi>(app: ServiceApp, api: A, handlers: ApiHandlers<A>): void {
  for (const [name, operation] of Object.entries(api)) {
    const { method, path, params, query, body, response, status = 200 } = operation;
    const { summary, description, tags, deprecated } = operation;
    const handle = handlers[name] as (call: unknown) => unknown;
    app.route({
      method,
      url: path,
      schema: {
        operationId: name,
        ...(params && { params }),
        ...(query && { querystring: query }),
        ...(body && { body }),
        ...(summary !== undefined && { summary }),
        ...(description !== undefined && { description }),
        ...(tags && { tags }),
        ...(deprecated === true && { deprecated }),
        response: { [status]: response },
      },
      ...(query && { preValidation: takeLists(query) }),
      handler: async (request, reply) => {
        const answer = await handle({
          params: request.params,
          query: request.query,
          body: request.body,
          request,
          reply,
        });
        // By hand: Fastify would send a text as it is, not as JSON, and nothing at all for null.
        const text = reply.code(status).serialize(answer) as string | undefined;
        return text === undefined ? reply.send() : reply.type(JSON_TYPE).send(text);
      },
    });
  }
}

function takeLists(schema: z.ZodType) {
  const lists = queryLists(schema);
  return (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    request.query = lists(request.query);
    done();
  };
}
