/**
 * The settings under which every peer is measured, in one place to be reviewed: each as its own documentation advises for
 * speed, and doing the same work as ours. A suite takes a peer from here and from nowhere else.
 */
import { type FastifyInstance, fastify } from 'fastify';
import { pino } from 'pino';
import { Counter, Histogram, Registry } from 'prom-client';

/** Bounds of ours by default, in seconds; the default of prom-client has two less and would have less to do. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * prom-client 15: a registry of its own, no default metrics, no exemplars (they are off by default, and cost), no aggregators.
 * Handles are what `labels()` gives, called once.
 */
export class PromClient {
  readonly registry = new Registry();

  counter<L extends string>(name: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help: name, labelNames, registers: [this.registry] });
  }

  histogram<L extends string>(name: string, labelNames: readonly L[]): Histogram<L> {
    return new Histogram({ name, help: name, labelNames, buckets: BUCKETS, registers: [this.registry] });
  }
}

const STDOUT = 1;

/**
 * Fastify 5 with its own request logging on pino 10, which is two lines per request, both at level info: no schemas, no
 * hooks, no metrics. The destination collects 4 KiB and writes them at once, as that of ours does; without `minLength` each line is a
 * write, and slower.
 */
export const fastifyPino = (): FastifyInstance =>
  fastify({
    logger: { level: 'info', stream: pino.destination({ dest: STDOUT, minLength: 4096, sync: true }) },
  });
