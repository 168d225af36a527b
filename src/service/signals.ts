/** Where the signals to stop come from: `process`, or a stand-in in tests. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
}

export type StopSignal = 'SIGTERM' | 'SIGINT';

/** Listens for both signals until disposed. */
export function onStopSignals(source: SignalSource, listener: (signal: StopSignal) => void): Disposable {
  const listeners = (['SIGTERM', 'SIGINT'] as const).map((signal) => {
    const own = (): void => {
      listener(signal);
    };
    source.on(signal, own);
    return [signal, own] as const;
  });
  return {
    [Symbol.dispose]: () => {
      for (const [signal, own] of listeners) source.off(signal, own);
    },
  };
}
