import { randomInt } from 'node:crypto';
import type { Client } from '@openfeature/server-sdk';
import type { Tracer } from '@opentelemetry/api';
import type { AuditTrail } from '../audit/index.ts';
import { type Clock, SystemClock } from '../core/clock.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { MetricsRegistry } from '../telemetry/index.ts';
import type { Authenticator } from './authenticator.ts';
import type { SecretVault } from './config/secret-reader.ts';
import type { SignalSource } from './process-events.ts';

/** What is written out at the very end of a stop. */
export interface Flushable {
  readonly name: string;
  flush(): unknown;
}

/** The world around a service. Whatever is left out is that of the machine. */
export interface ServicePorts {
  readonly clock?: Clock;
  /** From 0 to below 1. */
  readonly random?: () => number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: `process`. */
  readonly signals?: SignalSource;
  /** Ends the process after a signal or a crash. Default: `process.exit`. */
  readonly exit?: (code: number) => void;
  readonly logger?: Logger;
  readonly metrics?: MetricsRegistry;
  /** OpenFeature. Default: a client over the flags in `flagsFile`, or over `FLAG_...` in the environment. */
  readonly flags?: Client;
  /** For secrets in the configuration that are written `vault:reference`. */
  readonly vault?: SecretVault;
  /** Default: the one that is registered with the OpenTelemetry API, if any. */
  readonly tracer?: Tracer;
  /** Gets what decides: start, stop, configuration, flags, rollbacks. Without it none of that is recorded. */
  readonly audit?: AuditTrail;
  /**
   * Gets `system.health-changed`: each state of the service, and each dependency that goes down or comes back. Nobody waits for
   * it, so that the last states reach it only while it is open. Default: nobody is told.
   */
  readonly events?: Pick<EventBus, 'publish'>;
  /** Says who an operator is. With it and `adminPort` there are the routes of `adminApi`; without it there are none. */
  readonly authenticator?: Authenticator;
  /** Settings that are stronger than any other source of them. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** Listens on any free port of 127.0.0.1 instead of each port that is set: for tests. Default: false. */
  readonly freePorts?: boolean;
  /** Flushed in this order when all is closed, before the log: exporters of traces, pushes of metrics, the audit log. */
  readonly flush?: readonly Flushable[];
}

/** The ports that the kernel itself needs. */
export type KernelPorts = Required<Pick<ServicePorts, 'clock' | 'random' | 'signals' | 'exit'>>;

const RANDOM_STEPS = 2 ** 32;

let surrounding: ServicePorts = {};

/**
 * Makes a service in a world of its own, whether or not its constructor takes ports: those that it is not given are these. For
 * tests; `make` is synchronous, and nothing is left behind.
 */
export function constructWith<T>(ports: ServicePorts, make: () => T): T {
  const before = surrounding;
  surrounding = ports;
  try {
    return make();
  } finally {
    surrounding = before;
  }
}

/** The ports that a service is given, and those that surround its making. */
export const portsOf = (given: ServicePorts): ServicePorts => ({ ...surrounding, ...given });

/** Reads nothing: what is taken from `process` is taken when it is used. */
export const kernelPorts = (ports: ServicePorts): KernelPorts => ({
  clock: ports.clock ?? new SystemClock(),
  random: ports.random ?? (() => randomInt(RANDOM_STEPS) / RANDOM_STEPS),
  signals: ports.signals ?? process,
  exit: ports.exit ?? ((code) => process.exit(code)),
});
