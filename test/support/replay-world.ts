import { AuditLog, type AuditRecord } from '../../src/audit/index.ts';
import { readRules } from '../../src/desk/replay/replay-rules.ts';
import { type Replayed, replayVerdict } from '../../src/desk/replay/replay.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import { DeskWorld, type WorldOptions } from './desk-world.ts';

/** A desk whose audit log can be read. */
export async function auditedWorld(
  options: WorldOptions = {},
): Promise<{ readonly world: DeskWorld; readonly log: MemoryAppendLog }> {
  const log = new MemoryAppendLog();
  const clock = options.clock ?? (await DeskWorld.open()).clock;
  const audit = await AuditLog.open(log, { clock });
  const world = await DeskWorld.open({ ...options, clock, deps: { ...options.deps, audit } });
  return { world, log };
}

export async function recordsIn(log: MemoryAppendLog): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for await (const { record } of log.read()) records.push(record as unknown as AuditRecord);
  return records;
}

/** Makes every verdict again, with the rules that stand before it. */
export function replayAll(records: readonly AuditRecord[]): Replayed[] {
  const rules = new Map<string, Exclude<ReturnType<typeof readRules>, string>>();
  return records.flatMap(({ kind, details }) => {
    if (kind === 'limits.in-force') {
      const read = readRules(details);
      if (typeof read === 'string') throw new Error(read);
      rules.set(read.hash, read);
    }
    return kind === 'order.decided' || kind === 'shadow.decided'
      ? [replayVerdict(details, (hash) => rules.get(hash))]
      : [];
  });
}
