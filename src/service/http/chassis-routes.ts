import type { FastifyInstance } from 'fastify';
import type { MetricsRegistry } from '../../telemetry/index.ts';
import type { Health } from '../health/health.ts';
import type { ServiceLife } from '../service-life.ts';
import { isServing } from '../service-state.ts';

export interface ChassisDeps {
  readonly name: string;
  readonly version: string;
  readonly health: Health;
  readonly metrics: MetricsRegistry;
  readonly life: Pick<ServiceLife, 'state' | 'hasServed'>;
}

/** Asked again and again: logged at debug level only, and never turned away. */
export const CHASSIS_ROUTES: ReadonlySet<string> = new Set([
  '/live',
  '/startup',
  '/ready',
  '/health',
  '/metrics',
]);

const noStore = { 'cache-control': 'no-store' };
/** Not part of what the service offers. */
const hidden = { schema: { hide: true } };

/** The probes, and the metrics. */
export function addChassisRoutes(app: FastifyInstance, deps: ChassisDeps): void {
  const { name, version, health, metrics, life } = deps;

  app.get('/live', hidden, async (_request, reply) => reply.headers(noStore).send({ status: 'live' }));

  app.get('/startup', hidden, async (_request, reply) =>
    reply
      .code(life.hasServed ? 200 : 503)
      .headers(noStore)
      .send({ status: life.hasServed ? 'started' : 'starting', state: life.state }),
  );

  app.get('/ready', hidden, async (_request, reply) => {
    const down = isServing(life.state) ? await health.criticalDown() : [];
    // Asked again: the end may have begun meanwhile.
    const ready = isServing(life.state) && down.length === 0;
    return reply
      .code(ready ? 200 : 503)
      .headers(noStore)
      .send({ status: ready ? 'ready' : 'not ready', state: life.state, down });
  });

  app.get('/health', hidden, async (_request, reply) => {
    const report = await health.report();
    const status = isServing(life.state) ? report.status : 'down';
    return reply
      .code(status === 'down' ? 503 : 200)
      .headers(noStore)
      .send({ service: name, version, state: life.state, status, checks: report.checks });
  });

  app.get('/metrics', hidden, async (request, reply) => {
    const { contentType, body } = await metrics.scrape(request.headers.accept);
    return reply.headers({ ...noStore, vary: 'accept', 'content-type': contentType }).send(body);
  });
}
