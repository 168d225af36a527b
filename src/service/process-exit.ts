import type { Logger, MetricsRegistry } from '../telemetry/index.ts';
import { listenToProcess } from './process-events.ts';
import type { KernelPorts } from './service-ports.ts';
import type { StopReport } from './stop-sequence.ts';

export interface ProcessExitDeps extends Pick<KernelPorts, 'signals' | 'exit'> {
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  /** Stops in order; further calls get the same promise. */
  readonly stop: (reason: string, end: 'stopped' | 'failed') => Promise<StopReport>;
}

/**
 * Ends the process after a stop in order: on a signal with code 0, or 1 when something was cut or failed, at once on a
 * second one; on an error that nobody caught with code 1. Until disposed.
 */
export function exitWithProcess(component: string, deps: ProcessExitDeps): Disposable {
  const { signals, exit, log, metrics, stop } = deps;
  let isSignalled = false;
  const leave = (reason: string, code: 0 | 1): void => {
    void stop(reason, code === 0 ? 'stopped' : 'failed').then(({ steps }) => {
      exit(steps.every(({ outcome }) => outcome === 'done') ? code : 1);
    });
  };
  return listenToProcess(signals, {
    onSignal: (signal) => {
      if (isSignalled) {
        log.error({ signal }, 'second signal: leaving at once');
        exit(1);
        return;
      }
      isSignalled = true;
      leave(signal, 0);
    },
    onCrash: (event, error) => {
      log.error({ err: error, event }, 'nobody caught this: stopping');
      metrics.recordError({ component, kind: event, severity: 'critical' });
      leave(`${event}: ${String(error)}`, 1);
    },
  });
}
