/** Where signals and uncaught errors come from: `process`, or a stand-in in tests. */
export interface SignalSource {
  on(event: StopSignal | CrashEvent, listener: (error?: unknown) => void): unknown;
  off(event: StopSignal | CrashEvent, listener: (error?: unknown) => void): unknown;
}

export type StopSignal = 'SIGTERM' | 'SIGINT';
/** An error that nobody caught. */
export type CrashEvent = 'uncaughtException' | 'unhandledRejection';

export interface ProcessListeners {
  readonly onSignal: (signal: StopSignal) => void;
  readonly onCrash: (event: CrashEvent, error: unknown) => void;
}

/** Listens for both signals and both crashes until disposed. */
export function listenToProcess(source: SignalSource, { onSignal, onCrash }: ProcessListeners): Disposable {
  const listeners = [
    ...(['SIGTERM', 'SIGINT'] as const).map(
      (signal) =>
        [
          signal,
          () => {
            onSignal(signal);
          },
        ] as const,
    ),
    ...(['uncaughtException', 'unhandledRejection'] as const).map(
      (event) =>
        [
          event,
          (error: unknown) => {
            onCrash(event, error);
          },
        ] as const,
    ),
  ];
  for (const [event, listener] of listeners) source.on(event, listener);
  return {
    [Symbol.dispose]: () => {
      for (const [event, listener] of listeners) source.off(event, listener);
    },
  };
}
