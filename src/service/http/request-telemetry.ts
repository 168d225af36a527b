import { INVALID_TRACEID } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import {
  type Counter,
  type Histogram,
  type LabelsOf,
  type Logger,
  type MetricsRegistry,
  type StartedSpan,
  type Tracing,
  correlation,
  traceParentOf,
} from '../../telemetry/index.ts';
import { watchStream } from './answer-stream.ts';
import { type HeldRequest, InFlight } from './in-flight.ts';
import { errorOf } from './problem.ts';
import type { RequestStats } from './request-stats.ts';

const CORRELATION_HEADER = 'x-correlation-id';

/** The span of a request, for hooks that run outside of it, and what keeps it under way. */
const OBSERVED = Symbol('observed');
interface ObservedRequest {
  readonly span: StartedSpan;
  readonly held: HeldRequest;
  /** What broke its answer off, if anything but the client did. */
  failure?: Error;
}
type Observed = FastifyRequest & { [OBSERVED]?: ObservedRequest };

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'] as const;
const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const STATUSES = [...CLASSES, 'aborted'] as const;

type Method = (typeof METHODS)[number];
type Status = (typeof STATUSES)[number];

const REQUESTS = {
  name: 'http_requests_total',
  help: 'Requests by method, route template and class of status; aborted by the client before the answer was out.',
  labels: { method: 'any', route: 'any', status: STATUSES },
} as const;

const DURATION = {
  name: 'http_request_duration_seconds',
  help: 'From the head of a request to the end of its answer.',
  labels: ['method', 'route'],
} as const;

/** What matches no route has one series, however many paths are tried. */
const UNMATCHED = 'unmatched';

/** What all requests of one method and route have in common, made once. */
interface RequestKind {
  readonly labels: { readonly method: Method; readonly route: string };
  readonly isQuiet: boolean;
  /** As the semantic conventions of OpenTelemetry have it: a name without a path that nobody foresaw. */
  readonly spanName: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Takes over the id of a request, or gives it one: for Fastify's `genReqId`. */
export function requestId(headers: Readonly<Record<string, unknown>>): string {
  const given = headers[CORRELATION_HEADER];
  return correlation.isValid(given) ? given : correlation.create();
}

/**
 * For every request: its correlation id around all that is done for it and in the answer; rate, errors and duration with the
 * route template as label; one log line, at debug level for the quiet routes.
 */
export class RequestTelemetry {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #tracing: Tracing;
  readonly #stats: RequestStats | undefined;
  readonly #quietRoutes: ReadonlySet<string>;
  readonly #requests: Counter<LabelsOf<typeof REQUESTS.labels>>;
  readonly #duration: Histogram<LabelsOf<typeof DURATION.labels>>;
  readonly #inFlight: InFlight;
  /** Connections with a request at hand. */
  readonly #busy = new Set<object>();
  /** By route, then method: as many as there are routes. */
  readonly #kinds = new Map<string, Map<Method, RequestKind>>();

  constructor(
    quietRoutes: ReadonlySet<string>,
    deps: {
      readonly clock: Clock;
      readonly log: Logger;
      readonly metrics: MetricsRegistry;
      readonly tracing: Tracing;
      readonly stats?: RequestStats | undefined;
    },
  ) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#tracing = deps.tracing;
    this.#stats = deps.stats;
    this.#quietRoutes = quietRoutes;
    this.#requests = deps.metrics.counter(REQUESTS);
    this.#duration = deps.metrics.histogram(DURATION);
    this.#inFlight = new InFlight(deps.metrics);
    this.#requests.expect({ method: 'GET', route: UNMATCHED });
  }

  /** Before any route is added. */
  attachTo(app: FastifyInstance): void {
    app.decorateRequest(OBSERVED, undefined);
    app.addHook('onRoute', (route) => {
      const { method, url } = route;
      route.handler = heldWhileItRuns(route.handler);
      // HEAD comes along with every GET; it gets its series when somebody asks for it.
      for (const each of [method].flat().filter((name) => name !== 'HEAD')) {
        this.#requests.expect({ method: methodOf(each), route: url });
        this.#duration.expect({ method: methodOf(each), route: url });
      }
    });
    app.addHook('onRequest', (request, reply, done) => {
      const observed = this.#observe(request, reply);
      (request as Observed)[OBSERVED] = observed;
      observed.span.run(done);
    });
    // Reading a body leaves the context of the first hook, so it is entered again after that.
    app.addHook('preValidation', (request, _reply, done) => {
      const observed = (request as Observed)[OBSERVED];
      if (observed === undefined) done();
      else observed.span.run(done);
    });
    app.addHook('onSend', (request, reply, payload, done) => {
      const onFailed = (error: unknown): void => {
        this.#breakOff(request, reply, error);
      };
      done(null, watchStream(payload, onFailed));
    });
  }

  /** Before its first byte, a stream that fails is answered as any error; after the client has left, nobody waits for it. */
  #breakOff(request: Observed, { raw }: FastifyReply, error: unknown): void {
    const observed = request[OBSERVED];
    if (observed === undefined || !raw.headersSent || raw.destroyed) return;
    const failure = errorOf(error);
    observed.failure = failure;
    observed.span.run(() => {
      this.#log.error({ err: failure }, 'answer broke off');
    });
  }

  /** Requests that have not been answered yet, or whose handler still runs. */
  get inFlight(): number {
    return this.#inFlight.count;
  }

  /** Resolves when no request is in flight. */
  idle(): Promise<void> {
    return this.#inFlight.idle();
  }

  /** Measures one request that Fastify answers without any hook. */
  observe(request: FastifyRequest, reply: FastifyReply): void {
    this.#observe(request, reply);
  }

  #observe(request: FastifyRequest, reply: FastifyReply): ObservedRequest {
    const startMs = this.#clock.monotonicMs();
    const kind = this.#kindOf(methodOf(request.method), routeOf(request));
    const span = this.#tracing.start(kind.spanName, {
      kind: 'server',
      parent: traceParentOf(request.headers),
      correlationId: request.id,
      attributes: { ...kind.attributes, 'url.path': pathOf(request.url) },
    });
    const held = this.#inFlight.begin();
    const observed: ObservedRequest = { span, held };
    const letGo = held.hold();
    const { socket } = request.raw;
    this.#busy.add(socket);
    void reply.header(CORRELATION_HEADER, request.id);
    // 'close' comes once, whether the answer went out or the client went away.
    reply.raw.on('close', () => {
      const tookMs = this.#clock.monotonicMs() - startMs;
      const { failure } = observed;
      const outcome = failure === undefined ? outcomeOf(reply) : '5xx';
      letGo();
      this.#busy.delete(socket);
      const { method, id: correlationId } = request;
      const code = failure === undefined ? reply.raw.statusCode : 500;
      const status = outcome === 'aborted' ? outcome : code;
      const fields = { correlationId, method, route: kind.labels.route, status, tookMs };
      if (!isTraced(span)) this.#tell(kind, outcome, fields);
      else {
        // Metrics have the span as their exemplar, the log line its ids.
        span.run(() => {
          this.#tell(kind, outcome, fields);
        });
      }
      endSpan(span, outcome, reply, failure);
    });
    return observed;
  }

  #tell({ labels, isQuiet }: RequestKind, outcome: Status, fields: { readonly tookMs: number }): void {
    const { method, route } = labels;
    const seconds = fields.tookMs / 1000;
    this.#requests.inc({ method, route, status: outcome });
    this.#duration.observe(labels, seconds);
    if (!isQuiet && route !== UNMATCHED && outcome !== 'aborted')
      this.#stats?.count(outcome === '5xx', seconds);
    if (isQuiet) this.#log.debug(fields, 'request');
    else this.#log.info(fields, 'request');
  }

  /** Counts what was answered before it was a request: nobody knows its method and path. */
  countRefused(socket: object, status: number, correlationId: string): void {
    if (this.#busy.has(socket)) return; // it was one already, and is counted when the connection closes
    const labels = { method: 'other', route: UNMATCHED } as const;
    this.#requests.inc({ ...labels, status: classOf(status) });
    correlation.run(correlationId, () => {
      this.#log.debug({ ...labels, status }, 'request');
    });
  }

  #kindOf(method: Method, route: string): RequestKind {
    const known = this.#kinds.get(route)?.get(method);
    if (known !== undefined) return known;
    const verb = method === 'other' ? 'HTTP' : method;
    const kind: RequestKind = {
      labels: { method, route },
      isQuiet: this.#quietRoutes.has(route),
      spanName: route === UNMATCHED ? verb : `${verb} ${route}`,
      attributes: {
        'http.request.method': method === 'other' ? '_OTHER' : method,
        ...(route !== UNMATCHED && { 'http.route': route }),
      },
    };
    const ofRoute = this.#kinds.get(route) ?? new Map<Method, RequestKind>();
    this.#kinds.set(route, ofRoute.set(method, kind));
    return kind;
  }
}

/** A handler that is called back instead of giving a promise is over with its answer: nothing else tells. */
function heldWhileItRuns(handler: RouteHandlerMethod): RouteHandlerMethod {
  return function (request, reply) {
    const observed = (request as Observed)[OBSERVED];
    if (observed === undefined) return handler.call(this, request, reply);
    const letGo = observed.held.hold();
    let answer: unknown;
    try {
      answer = handler.call(this, request, reply);
    } finally {
      if (!(answer instanceof Promise)) letGo();
    }
    if (answer instanceof Promise) void answer.then(letGo, letGo);
    return answer;
  };
}

const isTraced = ({ span }: StartedSpan): boolean => span.spanContext().traceId !== INVALID_TRACEID;

/** As the semantic conventions of OpenTelemetry have it: of a server, only 5xx is an error. */
function endSpan(started: StartedSpan, outcome: Status, { raw }: FastifyReply, failure?: Error): void {
  if (outcome === 'aborted') started.fail(new Error('the client went away'));
  else {
    started.span.setAttribute('http.response.status_code', raw.statusCode);
    const code = String(raw.statusCode);
    if (failure !== undefined) started.fail(failure);
    else if (outcome === '5xx') started.fail(Object.assign(new Error(`answered ${code}`), { code }));
    else started.end();
  }
}

/** Without the query: it may hold what should not be repeated. */
function pathOf(url: string): string {
  const queryAt = url.indexOf('?');
  return queryAt < 0 ? url : url.slice(0, queryAt);
}

const METHOD_OF: ReadonlyMap<string, Method> = new Map(METHODS.map((method) => [method, method]));

const methodOf = (method: string): Method => METHOD_OF.get(method) ?? 'other';

const routeOf = (request: FastifyRequest): string =>
  request.is404 ? UNMATCHED : (request.routeOptions.url ?? UNMATCHED);

function outcomeOf(reply: FastifyReply): Status {
  return reply.raw.writableEnded && reply.raw.errored === null ? classOf(reply.raw.statusCode) : 'aborted';
}

const classOf = (code: number): Status => CLASSES[Math.trunc(code / 100) - 1] ?? '5xx';
