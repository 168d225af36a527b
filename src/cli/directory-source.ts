import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PortcullisError } from '../core/errors.ts';
import { person } from '../core/principal.ts';
import { EmbeddedEventBus } from '../events/index.ts';
import type { AppendLog } from '../storage/append-log.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import { STORE_EXTENSION } from '../storage/directory-contents.ts';
import { MemoryAppendLog } from '../storage/memory-append-log.ts';
import type { StateStore } from '../storage/state-store.ts';
import { openAudit } from './audit-trail.ts';
import { busReading } from './bus-source.ts';
import { catalogueIn } from './catalogue-in.ts';
import type { CommandIo } from './command.ts';
import { copiedState, reachedIn } from './copied-state.ts';
import type { SourceOptions } from './events-options.ts';
import type { Access, EventSource, LetterChange } from './events-source.ts';
import { hasLog } from './existing-log.ts';

/** Whoever only looks removes nothing: what its owner would keep is its owner's to say. */
const KEEP_ALL = { keepEvents: 100_000_000, keepLetters: 1_000_000 };

/**
 * The embedded bus that lies in a data directory, whose process is not running. It is opened beside a copy of its state, so
 * that where groups are, and that their process has died, stays as it is; a change removes letters and adds to logs.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE` when there is none, or the logs to be changed are not its own: they end before
 * where it has come to
 */
export async function directorySource(
  directory: DataDirectory,
  { bus: name, logs: prefix, store, audit, catalogue: module }: SourceOptions,
  access: Access,
  { clock }: CommandIo,
): Promise<EventSource> {
  const catalogue = await catalogueIn(module);
  const logs = catalogue.topics.map((topic) => `${prefix}${topic}`);
  const found = await Promise.all(logs.map((log) => hasLog(directory, log)));
  if (!found.includes(true))
    throw missing(directory, `no log of a topic: expected one of ${logs.join(', ')} (--logs, --catalogue)`);
  const own = `bus.${name}.`;
  const kept = await openState(directory, store, access);
  const entries = (await kept?.list(own)) ?? [];
  const original =
    kept !== undefined && access === 'change' ? { store: kept, lettersPrefix: `${own}letter.` } : undefined;
  const state = await copiedState(entries, { clock }, original);
  const openLog = async (topic: string): Promise<AppendLog> => {
    const log = `${prefix}${topic}`;
    // What is not there is not made.
    const there = found[logs.indexOf(log)] === true ? await directory.openLog(log) : undefined;
    const ends = there === undefined ? 0 : there.firstSeq + there.openReport.records - 1;
    const reached = access === 'change' ? reachedIn(entries, own, topic) : 0;
    if (ends < reached) {
      await there?.close();
      throw missing(
        directory,
        `the log ${log} ends at ${ends}, and ${name} has come to ${reached} (--logs, --bus)`,
      );
    }
    return there ?? new MemoryAppendLog();
  };
  const bus = await EmbeddedEventBus.open(
    { name, ...KEEP_ALL },
    { clock, catalogue, storage: { openLog, store: state } },
  );
  const reading = busReading(bus);
  return {
    ...reading,
    isLive: false,
    change: async (change) => {
      // Before it: what cannot be recorded does not happen.
      const trail = await openAudit(directory, audit, clock);
      await trail.record(recordOf(change));
      return reading.change(change);
    },
    close: async () => {
      await bus.close();
    },
  };
}

/** @returns nothing where there is none and it is only read */
async function openState(
  directory: DataDirectory,
  name: string,
  access: Access,
): Promise<StateStore | undefined> {
  const isThere =
    (await stat(join(directory.path, `${name}${STORE_EXTENSION}`)).catch(() => undefined)) !== undefined;
  if (isThere) return directory.openStore(name);
  if (access === 'change') throw missing(directory, `no state store ${name}`);
  return undefined;
}

/** As an event service records it. */
const recordOf = ({ verb, letterIds, by, reason }: LetterChange) => ({
  kind: `dead-letters.${verb === 'requeue' ? 'requeued' : 'discarded'}`,
  ...{ letterIds, reason, by: person(by) },
});

const missing = (directory: DataDirectory, what: string): PortcullisError =>
  new PortcullisError('FILE_UNREADABLE', `${directory.path}: there is no event bus here: ${what}`);
