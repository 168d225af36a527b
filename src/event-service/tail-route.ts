import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { EventBus } from '../events/index.ts';
import { HttpProblem, type ServiceApp } from '../service/index.ts';
import { queryLists } from '../service/http/query-lists.ts';
import { jsonLines, serverSentEvents } from './tail-format.ts';
import { readTail, tailQuery } from './tail-query.ts';
import type { Tails } from './tails.ts';

/** Adds `GET /v1/events`. */
export function addTail(app: ServiceApp, bus: () => EventBus, clock: Clock, tails: Tails): void {
  const lists = queryLists(tailQuery);
  app.route({
    method: 'GET',
    url: '/v1/events',
    exposeHeadRoute: false,
    schema: {
      operationId: 'tailEvents',
      summary: 'Events as they come, or those that are there.',
      description:
        'Server-Sent Events, or with until=now and Accept: application/x-ndjson one event on each line. ' +
        'The id of each, in lines its attribute position, is where the tail stands: sent again as Last-Event-ID it goes on behind it. ' +
        'A reader that does not take what is there is cut off.',
      tags: ['events'],
      querystring: tailQuery,
      response: {
        200: {
          description: 'The events',
          content: {
            'text/event-stream': { schema: z.string() },
            'application/x-ndjson': { schema: z.string() },
          },
        },
      },
    },
    preValidation: (request, _reply, done) => {
      request.query = lists(request.query) as typeof request.query;
      done();
    },
    handler: (request, reply) => {
      const { 'last-event-id': last, accept = '' } = request.headers;
      const asLines = accept.includes('application/x-ndjson');
      const lastEventId = typeof last === 'string' && last !== '' ? last : undefined;
      const from = bus();
      const asked = readTail(request.query, lastEventId, from.catalogue, clock.nowMs());
      if (asLines && asked.follow)
        throw new HttpProblem(406, 'expected until=now: what goes on comes as text/event-stream');
      const format = asLines ? jsonLines : serverSentEvents;
      const tail = tails.open(asked, { bus: from, format }, reply);
      void reply.headers({
        'content-type': format.contentType,
        'cache-control': 'no-store',
        vary: 'accept',
        // Proxies that gather answers would keep events to themselves.
        'x-accel-buffering': 'no',
      });
      void (reply as FastifyReply).send(tail.stream);
    },
  });
}
