import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from './draft-file.ts';
import type { LogFs } from './log-fs.ts';
import type { LogPlace } from './log-place.ts';

/**
 * How the files of a salvaged log take the place of the damaged ones, a kill at any point notwithstanding: the new files
 * are written into a directory of their own, then a plan is put beside them. Before the plan is there the old log counts,
 * from then on the new one: whoever opens it next carries the plan out, as far as it has not been.
 */
const PLAN_FILE = 'plan.json';
const VERSION = 1;

const Plan = z.object({
  v: z.literal(VERSION),
  /** Name of the directory that the old files go to. */
  movedTo: z.string(),
  /** Names of the old files. */
  old: z.array(z.string()),
});

const SALVAGE_DIRECTORY = /^(.+)-salvage$/;
const DAMAGED_DIRECTORY = /^damaged-(\d+)$/;

/** Whether something in a data directory stems from a repair. */
export const isSalvage = (file: string): boolean =>
  SALVAGE_DIRECTORY.test(file) || DAMAGED_DIRECTORY.test(file);

/** Where the new files are written. */
export const salvagePath = ({ directory, name }: LogPlace): string => join(directory, `${name}-salvage`);

/** Makes an empty place for the new files; what an earlier attempt left there goes. */
export async function beginSwap(fs: LogFs, log: LogPlace): Promise<void> {
  const place = salvagePath(log);
  await fs.makeDirectory(place);
  for (const file of await fs.list(place)) await fs.remove(join(place, file));
}

/** Leaves no trace of new files that are not to be. Never rejects: they are in nobody's way. */
export async function abandonSwap(fs: LogFs, log: LogPlace): Promise<void> {
  await beginSwap(fs, log)
    .then(() => fs.removeDirectory(salvagePath(log)))
    .catch(() => undefined);
}

/** Decides for the new files and puts them in place; the name of the directory that has the `old` ones. */
export async function swap(fs: LogFs, log: LogPlace, old: readonly string[]): Promise<string> {
  const taken = (await fs.list(log.directory)).map((file) => Number(DAMAGED_DIRECTORY.exec(file)?.[1] ?? 0));
  const movedTo = `damaged-${Math.max(0, ...taken) + 1}`;
  await fs.syncDirectory(salvagePath(log));
  await fs.syncDirectory(log.directory);
  await writeDurably(
    fs,
    join(salvagePath(log), PLAN_FILE),
    `${JSON.stringify({ v: VERSION, movedTo, old })}\n`,
  );
  await finishSwap(fs, log);
  return movedTo;
}

/** Carries out what is left of a plan, if there is one. */
export async function finishSwap(fs: LogFs, log: LogPlace): Promise<void> {
  const { directory } = log;
  const place = salvagePath(log);
  const here = await fs.list(directory);
  if (!here.includes(`${log.name}-salvage`)) return;
  const fresh = await fs.list(place);
  if (fresh.length === 0) return fs.removeDirectory(place); // all was done but for this
  if (!fresh.includes(PLAN_FILE)) return;
  const { movedTo, old } = await readPlan(fs, join(place, PLAN_FILE));

  const damaged = join(directory, movedTo);
  await fs.makeDirectory(damaged);
  const moved = await fs.list(damaged);
  for (const file of old) {
    // A file of this name may be the new one by now.
    if (here.includes(file) && !moved.includes(file))
      await fs.rename(join(directory, file), join(damaged, file));
  }
  await fs.syncDirectory(damaged);
  await fs.syncDirectory(directory);
  for (const file of fresh) {
    if (file !== PLAN_FILE) await fs.rename(join(place, file), join(directory, file));
  }
  await fs.syncDirectory(directory);
  await fs.remove(join(place, PLAN_FILE));
  await fs.removeDirectory(place);
  await fs.syncDirectory(directory);
}

async function readPlan(fs: LogFs, path: string): Promise<z.output<typeof Plan>> {
  const file = await fs.open(path, 'read');
  try {
    const bytes = Buffer.alloc(await file.size());
    await file.read(bytes, 0);
    return Plan.parse(JSON.parse(bytes.toString()));
  } finally {
    await file.close();
  }
}
