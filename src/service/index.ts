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
export {
  type ApiHandlers,
  type HttpApi,
  type HttpMethod,
  type Operation,
  type OperationCall,
  type OperationInput,
  type OperationOutput,
  defineApi,
  serveApi,
} from './http/http-api.ts';
export {
  type HttpClient,
  type HttpClientDeps,
  type HttpClientOptions,
  createClient,
} from './http/http-client.ts';
export type { InjectOptions, InjectResponse } from './http/http-listeners.ts';
export type { ServiceApp } from './http/http-server.ts';
export { HttpProblem, type Problem, type ProblemIssue, type ProblemOptions } from './http/problem.ts';
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
export type { Client, EvaluationContext, Provider } from '@openfeature/server-sdk';
export { EnvFlagProvider } from './flags/env-flag-provider.ts';
export {
  FileFlagProvider,
  type FileFlagProviderDeps,
  type FileFlagProviderOptions,
  type FlagChange,
} from './flags/file-flag-provider.ts';
export { type Decision, Flag } from './flags/flag.ts';
export { FlagControl } from './flags/flag-control.ts';
export type { FlagDefinition, FlagType } from './flags/flag-definition.ts';
export { FLAG_ENABLED, FLAG_EVALUATIONS, FLAG_VARIANT, FlagMetrics } from './flags/flag-metrics.ts';
export { type FlagSet, FlagSetProvider, type FlagSource } from './flags/flag-set-provider.ts';
export { clientOver, openFlags, type OpenFlags, type OpenFlagsDeps } from './flags/open-flags.ts';
export type { ConfigIssue } from './config/config-issue.ts';
export type { ConfigDefinition, ConfigOptions, PartialConfig } from './config/config-options.ts';
export type { ConfigLine, OverriddenValue } from './config/explain-config.ts';
export { type ConfigDeps, loadConfig } from './config/load-config.ts';
export { LoadedConfig } from './config/loaded-config.ts';
export { Secret, type SecretOptions, type SecretSchema, secret } from './config/secret.ts';
export type { SecretVault } from './config/secret-reader.ts';
export type { SecretState } from './config/secret-watch.ts';
