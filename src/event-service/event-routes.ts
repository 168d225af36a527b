import { z } from 'zod';
import type { AuditEvent, AuditTrail } from '../audit/index.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import type { EventBus } from '../events/index.ts';
import {
  type Authenticator,
  HttpProblem,
  type Service,
  type ServiceApp,
  serveApi,
} from '../service/index.ts';
import { operatorsOnly, recordChange } from '../service/http/operators.ts';
import { auditTo } from '../service/service-setup.ts';
import type { Logger } from '../telemetry/index.ts';
import { busProblem } from './bus-problem.ts';
import { MAX_BATCH, eventApi } from './event-api.ts';
import { EventIntake } from './publish-events.ts';
import { addTail } from './tail-route.ts';
import { Tails } from './tails.ts';

const names = z.array(z.string().min(1).max(128)).readonly();

const schema = z.strictObject({
  /**
   * Who has to be known to the authenticator: `all` everybody; `changes` only those who publish, or change groups and dead
   * letters, while whoever reaches the port may read everything.
   */
  protect: z.enum(['changes', 'all']).default('all'),
  /** What may be published here, by the whole of `source` and `type`. Default: all types of the catalogue, under any source. */
  publishable: z.strictObject({ sources: names.optional(), types: names.optional() }).default({}),
  /** For all events of one request; a bus that is full may make publishers wait. */
  publishTimeoutMs: z.number().positive().max(600_000).default(10_000),
  /** Events of all requests that the bus has not answered for yet: past it 503. */
  maxPublishing: z.int().min(MAX_BATCH).max(1_000_000).default(10_000),
  /** Readers at once. */
  maxTails: z.int().min(1).max(100_000).default(100),
  /** How often a reader hears something that nothing has happened for. */
  heartbeatMs: z.number().min(100).max(600_000).default(15_000),
  /** Bytes that may wait for one reader, besides those that the machine holds for its connection. */
  maxBufferedBytes: z.int().min(1024).max(1_073_741_824).default(1_048_576),
  /** A reader that leaves the buffer full for longer is cut. */
  stallMs: z.number().min(100).max(600_000).default(10_000),
});

/** @interface */
export type EventRoutesOptions = z.input<typeof schema>;

/** What the routes stand on. */
export interface EventRoutesDeps {
  /** Asked at each request: the service may open it when it starts. */
  readonly bus: () => EventBus;
  /** Of which the routes are part: a `Service` or `BaseEnterpriseService`. */
  readonly service: Pick<Service, 'clock' | 'log' | 'metrics' | 'tracing' | 'run'>;
  /** Says who is known. Without it there are no routes that publish, or change groups or dead letters. */
  readonly authenticator?: Authenticator | undefined;
  /** Gets each change before it happens. Without it a change is at least in the log. */
  readonly audit?: AuditTrail | undefined;
}

const { publishEvents, listGroups, listDeadLetters } = eventApi;
const { dropGroup, requeueDeadLetters, discardDeadLetters } = eventApi;
const JSON_TYPES = ['application/cloudevents+json', 'application/cloudevents-batch+json'];

/**
 * A bus over HTTP, for `routes` of any service: all of it on the service's own listener (`port`), none on that for probes and
 * administration. See `eventApi` for what is JSON; the tail is `GET /v1/events`.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function eventRoutes(app: ServiceApp, deps: EventRoutesDeps, options: EventRoutesOptions = {}): void {
  const settings = parseOptions('eventRoutes', schema, options);
  const { authenticator, service } = deps;
  const { clock, log } = service;
  if (settings.protect === 'all' && authenticator === undefined)
    throw new PortcullisError(
      'OPTION_INVALID',
      'eventRoutes: protect: all: expected an authenticator, or changes where everybody may read',
    );
  if (authenticator !== undefined) {
    app.register((own, _options, done) => {
      const by = operatorsOnly(own, { authenticator, clock, log });
      const audit = auditTo(deps.audit, log);
      own.addContentTypeParser(JSON_TYPES, { parseAs: 'string' }, own.getDefaultJsonParser('error', 'error'));
      servePublishing(own, deps, new EventIntake(settings, service));
      serveChanges(own, deps, (request, event) =>
        recordChange({ audit, log }, { ...event, by: by(request) }),
      );
      done();
    });
  }
  const tails = new Tails(settings, service);
  app.register((own, _options, done) => {
    if (settings.protect === 'all' && authenticator !== undefined)
      operatorsOnly(own, { authenticator, clock, log });
    serveReading(own, deps);
    addTail(own, deps.bus, clock, tails);
    done();
  });
}

function servePublishing(app: ServiceApp, { bus }: EventRoutesDeps, intake: EventIntake): void {
  serveApi(
    app,
    { publishEvents },
    {
      publishEvents: async ({ body }) => ({
        receipts: await intake.publish(bus(), Array.isArray(body) ? body : [body]),
      }),
    },
  );
}

function serveReading(app: ServiceApp, { bus, service: { log } }: EventRoutesDeps): void {
  serveApi(
    app,
    { listGroups, listDeadLetters },
    {
      listGroups: async () => ({ groups: await asked(bus().groups(), log) }),
      listDeadLetters: async ({ query }) => {
        const { limit = 100 } = query;
        const letters = await asked(bus().deadLetters.list({ ...query, limit }), log);
        const next = letters.length < limit ? undefined : letters.at(-1)?.letterId;
        return { letters, ...(next !== undefined && { next }) };
      },
    },
  );
}

type Recorder = (
  request: Parameters<ReturnType<typeof operatorsOnly>>[0],
  event: AuditEvent,
) => Promise<void>;

function serveChanges(app: ServiceApp, { bus, service: { log } }: EventRoutesDeps, record: Recorder): void {
  serveApi(
    app,
    { dropGroup, requeueDeadLetters, discardDeadLetters },
    {
      dropGroup: async ({ params: { group }, query: { reason }, request }) => {
        const found = (await asked(bus().groups(), log)).filter((each) => each.group === group);
        if (found.length === 0) throw new HttpProblem(404, `there is no group ${group}`);
        await record(request, { kind: 'event-group.dropped', group, reason, places: found });
        if (await asked(bus().dropGroup(group), log)) return { group };
        throw new HttpProblem(409, `group ${group} has members at work, or is gone`);
      },
      requeueDeadLetters: async ({ body: { letterIds, reason }, request }) => {
        await record(request, { kind: 'dead-letters.requeued', letterIds, reason });
        return { letterIds: await asked(bus().deadLetters.requeue(letterIds), log) };
      },
      discardDeadLetters: async ({ body: { letterIds, reason }, request }) => {
        await record(request, { kind: 'dead-letters.discarded', letterIds, reason });
        return { letterIds: await asked(bus().deadLetters.discard(letterIds), log) };
      },
    },
  );
}

async function asked<T>(answer: Promise<T>, log: Logger): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw busProblem(error, log);
  }
}
