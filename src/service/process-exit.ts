import { errorText } from '../telemetry/error-text.ts';
import type { Logger, MetricsRegistry } from '../telemetry/index.ts';
import { listenToProcess } from './process-events.ts';
import type { KernelPorts } from './service-ports.ts';
import type { StopReport } from './stop-sequence.ts';

export interface ProcessExitDeps extends Pick<KernelPorts, 'signals' | 'exit'> {
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  /** Stops in order; further calls get the same promise. */
  readonly stop: (reason: string, end: 'stopped' | 'failed') => Promise<StopReport>;
  /** Whether what is stopped has failed, for whatever reason. */
  readonly hasFailed: () => boolean;
}

/** Errors that nobody caught, during one stop. */
const MAX_CRASHES = 100;

/**
 * Ends the process after a stop in order: on a signal with code 0, or 1 when something was cut or failed, at once on a
 * second one; on an error that nobody caught with code 1. Until disposed.
 */
export function exitWithProcess(component: string, deps: ProcessExitDeps): Disposable {
  const { signals, exit, log, metrics, stop, hasFailed } = deps;
  let isSignalled = false;
  let crashes = 0;
  const leave = (reason: string, end: 'stopped' | 'failed'): void => {
    stop(reason, end).then(
      ({ steps }) => {
        exit(!hasFailed() && steps.every(({ outcome }) => outcome === 'done') ? 0 : 1);
      },
      (error: unknown) => {
        log.error({ err: error }, 'the stop itself has failed: leaving at once');
        exit(1);
      },
    );
  };
  return listenToProcess(signals, {
    onSignal: (signal) => {
      if (isSignalled) {
        log.error({ signal }, 'second signal: leaving at once');
        exit(1);
        return;
      }
      isSignalled = true;
      leave(signal, 'stopped');
    },
    onCrash: (event, error) => {
      log.error({ err: error, event }, 'nobody caught this: stopping');
      crashes += 1;
      if (crashes > MAX_CRASHES) {
        exit(1); // a stop that crashes again and again does not end
        return;
      }
      metrics.recordError({ component, kind: event, severity: 'critical' });
      leave(`${event}: ${errorText(error)}`, 'failed');
    },
  });
}
