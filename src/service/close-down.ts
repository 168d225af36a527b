import type { Logger } from '../telemetry/index.ts';
import type { Flushable } from './service-ports.ts';
import type { StopSequence } from './stop-sequence.ts';

export interface CloseDownDeps {
  /** For each step. */
  readonly closeMs: number;
  /** What was opened, the last first. */
  readonly open: readonly { readonly name: string; readonly close: () => unknown }[];
  readonly flush: readonly Flushable[];
  readonly log: Logger;
  /** Puts the stop on record. */
  readonly record: (forced: boolean) => Promise<void>;
}

/** Nothing is under way any more: closes what is open, puts the stop on record, and writes out what is buffered. */
export async function closeDown(stop: StopSequence, deps: CloseDownDeps): Promise<void> {
  const { closeMs, open, flush, log, record } = deps;
  for (const { name, close } of open) await stop.run(`close ${name}`, closeMs, close);
  await stop.run('audit', closeMs, () => record(stop.report('').forced));
  for (const each of flush) await stop.run(`flush ${each.name}`, closeMs, () => each.flush());
  await stop.run('logs', closeMs, () => {
    log.flush();
  });
}
