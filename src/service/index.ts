/**
 * What a service needs before it may go live: start and stop in order, health, metrics and status over HTTP, background
 * work that is watched. Extend {@link BaseEnterpriseService}.
 *
 * @packageDocumentation
 */
/** What `routes(app)` gets, so that a service needs no dependency on Fastify to name it. */
export type { FastifyInstance } from 'fastify';
export {
  BaseEnterpriseService,
  type ServiceDeps,
  type ServiceOptions,
  type StartContext,
} from './base-enterprise-service.ts';
export type { WorkContext } from './background-work.ts';
export {
  Health,
  type HealthCheckOptions,
  type HealthOptions,
  type HealthReport,
  type HealthStatus,
} from './health.ts';
export type { CheckReport, HealthAnswer, HealthProbe } from './health-check.ts';
export type { ServiceState } from './service-state.ts';
export type { SignalSource, StopSignal } from './signals.ts';
export type { StopReport, StopStep } from './stop-sequence.ts';
