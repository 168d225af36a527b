import { join } from 'node:path';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { messageOf } from '../core/message-of.ts';
import { FileAppendLog } from './file-append-log.ts';
import { type LogFs, nodeFs } from './log-fs.ts';
import { type LogPlace, logOfSegment, segmentFile, segmentNumbers } from './log-place.ts';
import { logOfStart, type LogStart, readStart, writeStart } from './log-start.ts';
import { type LostLine, type RefuseRecord, scanDamaged } from './salvage-scan.ts';
import { type RebaseSnapshot, salvageSnapshots } from './salvage-snapshots.ts';
import { abandonSwap, beginSwap, finishSwap, salvagePath, swap } from './salvage-swap.ts';
import { SegmentWriter } from './segment-writer.ts';
import { snapshotIn } from './snapshot-file.ts';
import { storageName } from './storage-name.ts';

const Options = z.strictObject({
  directory: z.string().min(1),
  name: storageName,
  /** Size at which the new log takes a new file. Default 64 MiB. */
  segmentBytes: z
    .int()
    .min(1)
    .default(64 * 1024 * 1024),
});

/** @interface */
export type SalvageOptions = z.input<typeof Options>;

/** What became of a log. */
export interface SalvageReport {
  /** `clean`: it opens, and was left as it is. `salvaged`: it was damaged, and opens now. */
  readonly outcome: 'clean' | 'salvaged';
  /** Records in the log now. */
  readonly recordsKept: number;
  /** Sequence number of the first of them. */
  readonly firstSeq: number;
  /** Records in front of the last one kept that are gone. What stood after it cannot be counted: see `lost`. */
  readonly recordsMissing: number;
  /** Lines that hold no record which could be kept. */
  readonly lost: readonly LostLine[];
  /** Path of the directory that has the damaged files, unchanged; undefined for a clean log. */
  readonly movedTo: string | undefined;
}

/** What whoever knows what the records say has to do with it. */
export interface SalvageDeps {
  /** Default: the file system of the machine. */
  readonly fs?: LogFs;
  /** Default: every record stays whose line verifies. */
  readonly refuse?: RefuseRecord;
  /** Default: snapshots stay as they are. */
  readonly rebase?: RebaseSnapshot;
  /** Called when the new log is written and before it counts. When it rejects, all stays as it was. */
  readonly confirm?: (planned: Omit<SalvageReport, 'movedTo'>) => Promise<void>;
}

/**
 * Makes a damaged log usable again: a new one holds every record whose line verifies, in order, numbered anew without gaps
 * from where the log began; but only the first record of all is ever number 1. The damaged files are moved aside
 * unchanged, nothing is deleted. Snapshots go along under the number that their last record has now. Killed at any point,
 * the directory holds the old log or the new one.
 *
 * The directory must belong to the caller, with no log or snapshots of this name open.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE` when there is no such log or the disk refuses; `FORMAT_UNSUPPORTED` when it
 * ends with records of a version that is not ours, which are no damage; `OPTION_INVALID`.
 */
export async function salvageLog(options: SalvageOptions, deps: SalvageDeps = {}): Promise<SalvageReport> {
  const { segmentBytes, ...log } = parseOptions('salvageLog', Options, options);
  const fs = deps.fs ?? nodeFs;
  try {
    await finishSwap(fs, log);
    const files = await fs.list(log.directory);
    if (!files.some((file) => isPart(file, log))) throw new Error('there is no such log');
    return (await cleanReport(fs, log)) ?? (await salvage(fs, log, segmentBytes, deps));
  } catch (cause) {
    if (cause instanceof PortcullisError) throw cause;
    const path = join(log.directory, log.name);
    throw new PortcullisError('FILE_UNREADABLE', `log ${path} cannot be salvaged: ${messageOf(cause)}`, {
      cause,
    });
  }
}

const isPart = (file: string, { name }: LogPlace): boolean =>
  logOfSegment(file) === name || logOfStart(file) === name;

/** What there is to say of a log that opens. */
async function cleanReport(fs: LogFs, log: LogPlace): Promise<SalvageReport | undefined> {
  try {
    const opened = await FileAppendLog.open(log, { fs });
    const { firstSeq, openReport } = opened;
    await opened.close();
    const none = { recordsMissing: 0, lost: [], movedTo: undefined };
    return { outcome: 'clean', recordsKept: openReport.records, firstSeq, ...none };
  } catch (error) {
    if (error instanceof PortcullisError && BAD.has(error.code)) return undefined;
    throw error;
  }
}

/** A line of another version may be a damaged one: the scan knows. */
const BAD: ReadonlySet<string> = new Set(['LOG_DAMAGED', 'FORMAT_UNSUPPORTED']);

async function salvage(
  fs: LogFs,
  log: LogPlace,
  segmentBytes: number,
  deps: SalvageDeps,
): Promise<SalvageReport> {
  await beginSwap(fs, log);
  const built = await planned(fs, log, segmentBytes, deps).catch(async (error: unknown) => {
    await abandonSwap(fs, log);
    throw error;
  });
  return { ...built.report, movedTo: join(log.directory, await swap(fs, log, built.old)) };
}

async function planned(fs: LogFs, log: LogPlace, segmentBytes: number, deps: SalvageDeps): Promise<Built> {
  const built = await build(fs, log, segmentBytes, deps);
  await deps.confirm?.(built.report);
  return built;
}

interface Built {
  readonly report: Omit<SalvageReport, 'movedTo'>;
  /** Names of the files that the new ones stand for. */
  readonly old: readonly string[];
}

/** Writes the new files, beside the old ones. */
async function build(
  fs: LogFs,
  log: LogPlace,
  segmentBytes: number,
  { refuse, rebase }: SalvageDeps,
): Promise<Built> {
  const files = await fs.list(log.directory);
  const noted = await readStart(fs, log, files).catch(ifDamaged);
  const numbers = segmentNumbers(log.name, files).filter((number) => number >= (noted?.segment ?? 1));
  const firstSegment = noted?.segment ?? numbers[0] ?? 1;
  const lost = missingSegments(log.name, firstSegment, numbers);
  const place = { directory: salvagePath(log), name: log.name };
  const names = numbers.map((number) => segmentFile(log.name, number));
  const snapshots = files.filter((file) => snapshotIn(file)?.name === log.name);
  const oldSeqs: number[] = [];
  /** What stands now where each snapshot was taken. */
  const lastBefore = new Map<number, string>();
  const snapshotSeqs = snapshots.map((file) => snapshotIn(file)?.seq ?? 0);
  let start: LogStart | undefined;
  let writer: SegmentWriter | undefined;
  try {
    for await (const found of scanDamaged(fs, log.directory, names, refuse)) {
      if (found.kind === 'lost') {
        lost.push(found.lost);
        continue;
      }
      start ??= startOf(noted, firstSegment, found.seq);
      writer ??= await SegmentWriter.create(fs, place, segmentBytes, start);
      await writer.write(found.text);
      oldSeqs.push(found.seq);
      for (const seq of snapshotSeqs) if (found.seq <= seq) lastBefore.set(seq, found.text);
    }
    start ??= startOf(noted, firstSegment, undefined);
    writer ??= await SegmentWriter.create(fs, place, segmentBytes, start);
  } finally {
    await writer?.close();
  }
  const { firstSeq } = start;
  if (start.segment > 1 || firstSeq > 1) await writeStart(fs, place, start);
  const renumbered = { snapshots, firstSeq, oldSeqs, lastBefore };
  const moved = await salvageSnapshots(fs, log, renumbered, rebase);
  const firstOld = noted?.firstSeq ?? firstSeq;
  const recordsMissing = Math.max(0, (oldSeqs.at(-1) ?? 0) - (firstOld - 1) - oldSeqs.length);
  return {
    report: { outcome: 'salvaged', recordsKept: oldSeqs.length, firstSeq, recordsMissing, lost },
    old: [...files.filter((file) => isPart(file, log)), ...moved],
  };
}

/** Where the new log begins. Without the first record of all it does not begin at 1: it must not be taken for a whole one. */
function startOf(noted: LogStart | undefined, segment: number, firstKept: number | undefined): LogStart {
  if (noted === undefined) return { segment, firstSeq: Math.max(firstKept ?? 0, 2) };
  return firstKept === 1 ? noted : { ...noted, firstSeq: Math.max(noted.firstSeq, 2) };
}

function missingSegments(name: string, first: number, numbers: readonly number[]): LostLine[] {
  const missing: LostLine[] = [];
  for (let number = first; number < (numbers.at(-1) ?? first + 1); number++) {
    const file = segmentFile(name, number);
    if (!numbers.includes(number)) missing.push({ file, line: 1, offset: 0, bytes: 0, why: 'no such file' });
  }
  return missing;
}

/** A note of the start that is damaged itself: then the first record says where the log begins. */
function ifDamaged(error: unknown): undefined {
  if (error instanceof PortcullisError && error.code === 'LOG_DAMAGED') return undefined;
  throw error;
}
