/**
 * What a service needs before it may go live: start and stop in order, health, metrics and status over HTTP, background
 * work that is watched. Extend {@link BaseEnterpriseService}.
 *
 * @packageDocumentation
 */
export { BaseEnterpriseService } from './base-enterprise-service.ts';
export type { AuthenticationRequest, Authenticator } from './authenticator.ts';
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
export { adminApi } from './http/admin-api.ts';
export {
  type ApiHandlers,
  type HttpApi,
  type HttpMethod,
  type Operation,
  type OperationCall,
  type OperationInput,
  type OperationOutput,
  type OperationPart,
  type OperationParts,
  defineApi,
  serveApi,
} from './http/http-api.ts';
export {
  type ClientCall,
  type HttpClient,
  type HttpClientDeps,
  type HttpClientOptions,
  createClient,
} from './http/http-client.ts';
export type { InjectOptions, InjectResponse } from './http/http-listeners.ts';
export type { RequestStats } from './http/request-stats.ts';
export type { ServiceApp } from './http/http-server.ts';
export { HttpProblem, type Problem, type ProblemIssue, type ProblemOptions } from './http/problem.ts';
export type { CrashEvent, SignalSource, StopSignal } from './process-events.ts';
export { createService } from './create-service.ts';
export { Service } from './service.ts';
export type {
  ChassisOptions,
  ServiceDefinition,
  ServiceHooks,
  ServiceOptions,
  StartContext,
} from './service-definition.ts';
export type { NoConfig, ServiceConfigOptions } from './service-config.ts';
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
export { openFlags, type OpenFlags, type OpenFlagsDeps } from './flags/open-flags.ts';
export type { ConfigIssue } from './config/config-issue.ts';
export type { ConfigDefinition, ConfigOptions, PartialConfig } from './config/config-options.ts';
export type { ConfigLine, OverriddenValue } from './config/explain-config.ts';
export { type ConfigDeps, loadConfig } from './config/load-config.ts';
export type { LoadedConfig } from './config/loaded-config.ts';
export { Secret, type SecretOptions, type SecretSchema, secret } from './config/secret.ts';
export type { SecretVault } from './config/secret-reader.ts';
export type { SecretState } from './config/secret-watch.ts';
export { type Baseline, BaselineStore } from './rollback/baseline-store.ts';
export { bucketQuantile, type BucketQuantile } from './rollback/bucket-quantile.ts';
export type { RollbackTriggerOptions } from './rollback/criterion.ts';
export {
  type ActionOutcome,
  callHook,
  flipFlag,
  type RollbackAction,
  type RollbackReport,
} from './rollback/rollback-action.ts';
export { ROLLBACK_ACTIONS, ROLLBACK_CHECKS, ROLLBACK_STATE } from './rollback/rollback-metrics.ts';
export {
  type BaselineInput,
  RollbackTrigger,
  type TriggerCheck,
  type TriggerInput,
} from './rollback/rollback-trigger.ts';
export {
  type BaselineSource,
  RollbackWatch,
  type RollbackWatchDeps,
  type RollbackWatchOptions,
  type TriggerReport,
} from './rollback/rollback-watch.ts';
export { binomialTail, fisherTail } from './rollback/significance.ts';
export type { CheckVerdict, Verdict } from './rollback/verdict.ts';
export type { LatencyCounts, StatsSample, VersionStats } from './rollback/version-stats.ts';
export {
  DELIVERY_HEADER,
  isSigned,
  postWebhook,
  SIGNATURE_HEADER,
  type WebhookDeps,
  type WebhookOptions,
} from './rollback/webhook.ts';
