import { access, readdir, rename, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { DataDirectory } from '../storage/data-directory.ts';
import { STORE_EXTENSION } from '../storage/directory-contents.ts';
import type { LogSource } from '../storage/copy/copy-log.ts';
import { nodeFs } from '../storage/log-fs.ts';
import { logOfSegment } from '../storage/log-place.ts';
import { logOfStart } from '../storage/log-start.ts';
import { snapshotIn } from '../storage/snapshot-file.ts';
import type { CommandIo } from './command.ts';
import type { DataPlace, PlaceUse } from './data-place.ts';

/** Where a copy is made, beside the directory that it becomes. */
const DRAFT = '.copying';

/**
 * A data directory, as its owner until it is closed. A target that is not there, or empty, is made beside its place, under
 * another name, and moved there when it is whole.
 *
 * @throws {PortcullisError} `DATA_DIR_LOCKED` while a process runs on it; `FILE_UNREADABLE` when there is none
 */
export async function directoryPlace(
  place: string,
  use: PlaceUse,
  { clock }: Pick<CommandIo, 'clock'>,
): Promise<DataPlace> {
  if (use === 'source') await requireDirectory(place);
  const path = resolve(place);
  const isDraft = use === 'target' && (await isEmpty(path));
  const directory = await DataDirectory.open(isDraft ? `${path}${DRAFT}` : path, { clock });
  const read = new Map<string, Promise<LogSource>>();
  const names = async () => {
    const files = await readdir(directory.path);
    const some = (nameIn: (file: string) => string | undefined): string[] =>
      [...new Set(files.flatMap((file) => nameIn(file) ?? []))].sort();
    const others = some((file) => (isOwn(file) ? undefined : file));
    return { stores: some(storeOf), logs: some(logOf), snapshots: some(snapshotOf), others };
  };
  return {
    isShared: false,
    names,
    ends: () => Promise.resolve(new Map()),
    readLog: (name) => {
      const present = read.get(name) ?? directory.openLog(name);
      read.set(name, present);
      return present;
    },
    async openLog(name, firstSeq) {
      if (!isDraft && !(await names()).logs.includes(name)) throw notEmpty(place, `has no log ${name}`);
      return directory.openLog(name, { firstSeq });
    },
    openStore: (name) => directory.openStore(name),
    openSnapshots: (name) => directory.openSnapshots(name),
    async finish() {
      await directory.close();
      if (!isDraft) return;
      if (!(await isEmpty(path))) throw notEmpty(place, 'was written to while the copy was made');
      await rmdir(path).catch(() => undefined);
      await rename(directory.path, path);
      await nodeFs.syncDirectory(dirname(path));
    },
    close: () => directory.close(),
  };
}

const storeOf = (file: string): string | undefined =>
  file.endsWith(STORE_EXTENSION) ? file.slice(0, -STORE_EXTENSION.length) : undefined;
const logOf = (file: string): string | undefined => logOfSegment(file) ?? logOfStart(file);
const snapshotOf = (file: string): string | undefined => snapshotIn(file)?.name;

/** What a data directory is made of, with what SQLite keeps beside a store. */
function isOwn(file: string): boolean {
  if (file.startsWith('portcullis.')) return true;
  const main = file.replace(/-(?:wal|shm|journal)$/, '');
  return [storeOf(main), logOf(file), snapshotOf(file)].some((name) => name !== undefined);
}

/** Whether there is nothing, or a directory with nothing in it. */
const isEmpty = async (path: string): Promise<boolean> => {
  const files = await readdir(path).catch((error: unknown) => {
    if ((error as { readonly code?: unknown }).code === 'ENOENT') return [];
    throw new PortcullisError('FILE_UNREADABLE', `${path}: ${messageOf(error)}`, { cause: error });
  });
  return files.length === 0;
};

async function requireDirectory(path: string): Promise<void> {
  try {
    await access(join(path, 'portcullis.json'));
  } catch (cause) {
    const message = `${path}: expected the data directory of a trading process: ${messageOf(cause)}`;
    throw new PortcullisError('FILE_UNREADABLE', message, { cause });
  }
}

const notEmpty = (path: string, why: string): PortcullisError =>
  new PortcullisError(
    'INPUT_INVALID',
    `data copy: ${path} ${why}: expected a directory that is not there, is empty, or holds a whole copy of the source`,
  );
