import { getEventListeners } from 'node:events';
import { SystemClock } from '../../../../src/core/index.ts';
import { ResilientFetcher, type SourceOptions } from '../../../../src/resilience/index.ts';
import { linkedAbort } from '../../../../src/resilience/linked-abort.ts';
import type { CallsCount } from './calls-count.ts';

/** A process that makes as many calls as it is told, all with one signal, and tells what is left of them. */

const [baseUrl = '', optionsJson = '{}'] = process.argv.slice(2);
const IN_FLIGHT = 32;

const clock = new SystemClock();
const fetcher = new ResilientFetcher(
  {
    sources: {
      venue: {
        baseUrl,
        ...(JSON.parse(optionsJson) as Partial<SourceOptions>),
        http: { allowPrivateAddresses: true },
      },
    },
  },
  { clock },
);
/** Outlives every call. */
const { signal } = new AbortController();
const outcomes: Record<string, number> = {};
let made = 0;

async function make(endpoints: readonly string[]): Promise<void> {
  const endpoint = endpoints[made % endpoints.length] ?? '/';
  made += 1;
  // Whoever asks for this one goes away meanwhile.
  const caller = endpoint === '/left' ? linkedAbort(signal) : undefined;
  const asking = fetcher.tryFetch({
    source: 'venue',
    endpoint,
    signal: caller?.signal ?? signal,
    cacheTtlMs: endpoint === '/kept' ? 60_000 : 0,
  });
  if (caller !== undefined) {
    await clock.sleep(2);
    caller.abort(new Error('no longer wanted'));
    caller.dispose();
  }
  const outcome = await asking;
  const name = outcome.ok ? outcome.value.meta.origin : outcome.failure.code;
  outcomes[name] = (outcomes[name] ?? 0) + 1;
}

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

process.on('message', ({ calls, endpoints }: { calls: number; endpoints: readonly string[] }) => {
  void (async () => {
    const last = made + calls;
    const one = async (): Promise<void> => {
      while (made < last) await make(endpoints);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, one));
    const count: CallsCount = {
      outcomes,
      listeners: getEventListeners(signal, 'abort').length,
      heapMb: heapMb(),
    };
    process.send?.(count);
  })();
});

process.on('disconnect', () => {
  void fetcher.close();
});
