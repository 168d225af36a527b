/**
 * What a service needs before it may go live: start and stop in order, health, metrics and status over HTTP, background
 * work that is watched. Extend {@link BaseEnterpriseService}.
 *
 * @packageDocumentation
 */
export { BaseEnterpriseService } from './base-enterprise-service.ts';
export type { WorkContext } from './background-work.ts';
export type { DependencyOptions } from './health/dependencies.ts';
export { Health, type HealthChange, type HealthCheckOptions, type HealthOptions } from './health/health.ts';
export type {
  CheckReport,
  HealthAnswer,
  HealthProbe,
  HealthReport,
  HealthStatus,
} from './health/health-check.ts';
export type { Recover } from './health/recovery.ts';
export type { ServiceApp } from './http/http-server.ts';
export type { CrashEvent, SignalSource, StopSignal } from './process-events.ts';
export {
  Service,
  type ServiceDefinition,
  type ServiceHooks,
  type ServiceOptions,
  type StartContext,
  createService,
} from './service.ts';
export type { Flushable, ServicePorts } from './service-ports.ts';
export type { ServiceState } from './service-state.ts';
export type { StopReport, StopStep } from './stop-sequence.ts';
