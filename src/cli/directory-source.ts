import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PortcullisError } from '../core/errors.ts';
import { person } from '../core/principal.ts';
import { EmbeddedEventBus } from '../events/index.ts';
import type { AppendLog } from '../storage/append-log.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import { STORE_EXTENSION } from '../storage/directory-contents.ts';
import { MemoryAppendLog } from '../storage/memory-append-log.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import type { StateStore } from '../storage/state-store.ts';
import { openAudit } from './audit-trail.ts';
import { busReading } from './bus-source.ts';
import { catalogueIn } from './catalogue-in.ts';
import type { CommandIo } from './command.ts';
import type { SourceOptions } from './events-options.ts';
import type { Access, EventSource, LetterChange } from './events-source.ts';
import { hasLog } from './existing-log.ts';

/** Whoever only looks removes nothing: what its owner would keep is its owner's to say. */
const KEEP_ALL = { keepEvents: 100_000_000, keepLetters: 1_000_000 };

/**
 * The embedded bus that lies in a data directory, whose process is not running. To be read it is opened beside a copy of its
 * state, so that where groups are, and that their process has died, stays as it is.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE` when there is none
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
  const state = await openState(directory, store, `bus.${name}.`, access, clock);
  const openLog = (topic: string): Promise<AppendLog> => {
    const log = `${prefix}${topic}`;
    // What is not there is not made.
    return found[logs.indexOf(log)] === true
      ? directory.openLog(log)
      : Promise.resolve(new MemoryAppendLog());
  };
  const bus = await EmbeddedEventBus.open(
    { name, ...KEEP_ALL },
    { clock, catalogue, storage: { openLog, store: state } },
  );
  const reading = busReading(bus, () => clock.nowMs());
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

async function openState(
  directory: DataDirectory,
  name: string,
  prefix: string,
  access: Access,
  clock: CommandIo['clock'],
): Promise<StateStore> {
  const isThere =
    (await stat(join(directory.path, `${name}${STORE_EXTENSION}`)).catch(() => undefined)) !== undefined;
  if (access === 'change') {
    if (isThere) return directory.openStore(name);
    throw missing(directory, `no state store ${name}`);
  }
  const copy = new MemoryStateStore({ clock });
  if (!isThere) return copy;
  const entries = await (await directory.openStore(name)).list(prefix);
  for (const { key, value } of entries) await copy.set(key, value);
  return copy;
}

/** As an event service records it. */
const recordOf = ({ verb, letterIds, by, reason }: LetterChange) => ({
  kind: `dead-letters.${verb === 'requeue' ? 'requeued' : 'discarded'}`,
  ...{ letterIds, reason, by: person(by) },
});

const missing = (directory: DataDirectory, what: string): PortcullisError =>
  new PortcullisError('FILE_UNREADABLE', `${directory.path}: there is no event bus here: ${what}`);
