import { z } from 'zod';
import { type AuditVerdict, verifyAudit, walkChain } from '../audit/verify-audit.ts';
import { HeadKeys } from '../audit/signed-head.ts';
import { PortcullisError } from '../core/errors.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import type { FileAppendLog } from '../storage/file-append-log.ts';
import { keptHead, publicKeys } from './audit-evidence.ts';
import { type Command, type CommandIo, type Verdict, command, named } from './command.ts';
import { existingLog } from './existing-log.ts';
import { inDirectory } from './in-directory.ts';

/** Checks the hash chain of the audit log, whose signature it bears, and that it goes through a head that was kept elsewhere. */
export const auditVerify: Command = command({
  name: 'audit verify',
  about: 'checks the hash chain of the audit log, and by whose signature it may be believed',
  usage: ['[--log NAME]', '[--public-key FILE[,FILE]]', '[--head SEQ:HASH|FILE]'],
  options: z.strictObject({
    log: named.default('audit'),
    'public-key': named.optional(),
    head: named.optional(),
  }),
  async run(path, { log, head: given, 'public-key': files }, io) {
    const keys = files === undefined ? undefined : await publicKeys(files);
    const head = given === undefined ? undefined : await keptHead(given);
    if (head !== undefined && 'signature' in head && keys === undefined) {
      io.out('the signature of the head is not checked: give --public-key');
    }
    return inDirectory<Verdict>(path, io, async (directory) => {
      const verdict = await verifyAudit(await auditLog(directory, log, io), {
        ...(head && { expectHead: head }),
        ...(keys && { publicKeys: keys }),
      });
      for (const line of linesOf(log, verdict)) io.out(line);
      return verdict.ok ? 'ok' : 'not-ok';
    });
  },
});

/** What to keep elsewhere, and to verify with `--head`. */
export const auditHead: Command = command({
  name: 'audit head',
  about: 'prints the last signed head of the audit log, or SEQ:HASH without one: to be kept elsewhere',
  usage: ['[--log NAME]'],
  options: z.strictObject({ log: named.default('audit') }),
  run: (path, { log }, io) =>
    inDirectory<Verdict>(path, io, async (directory) => {
      // The answer is a file: what there is to say besides goes where errors go.
      const opened = await auditLog(directory, log, {
        out: (line) => {
          io.err(line);
        },
      });
      const verdict = await walkChain(opened, { keys: new HeadKeys(), trustsFirst: true });
      if (verdict.ok) {
        const { head, lastSigned } = verdict;
        io.out(lastSigned === undefined ? `${head.seq}:${head.hash}` : JSON.stringify(lastSigned));
        return 'ok';
      }
      io.err(`${log}: record ${verdict.atSeq}: ${verdict.reason}`);
      return 'not-ok';
    }),
});

function linesOf(log: string, verdict: AuditVerdict): string[] {
  if (!verdict.ok) return [`${log}: record ${verdict.atSeq}: ${verdict.reason}`];
  const { records, firstSeq, head, attested } = verdict;
  const from = firstSeq === 1 ? '' : ` from ${firstSeq} on`;
  const lines = [`${log}: ${records} records${from}, the chain holds`];
  if (attested !== undefined) {
    const { by, seq, timeMs } = attested;
    lines.push(`${log}: signed by ${by} up to record ${seq}, at ${new Date(timeMs).toISOString()}`);
    // The one behind is the record of the signature itself.
    if (head.seq > seq + 1) lines.push(`${log}: nobody has signed the ${head.seq - seq} records behind it`);
  }
  return [...lines, `head ${head.seq}:${head.hash}`];
}

const auditLog = (
  directory: DataDirectory,
  log: string,
  io: Pick<CommandIo, 'out'>,
): Promise<FileAppendLog> =>
  existingLog(directory, log, io).catch((error: unknown) => {
    throw isDamaged(error) ? evidence(error) : error;
  });

const isDamaged = (error: unknown): error is PortcullisError =>
  error instanceof PortcullisError && error.code === 'LOG_DAMAGED';

/** What to do with a damaged audit log is not what to do with a damaged journal. */
function evidence(error: PortcullisError): PortcullisError {
  const { path, line, offset, expected, got } = error.details;
  return new PortcullisError(
    'LOG_DAMAGED',
    `${String(path)}: line ${String(line)} (byte ${String(offset)}): expected ${String(expected)}, got ${String(got)}. ${KEEP_AUDIT}`,
    { cause: error, details: error.details },
  );
}

/** An audit log with a gap proves nothing, so it is never patched. */
export const KEEP_AUDIT =
  'An audit log is not repaired: move its files out of the directory, keep them as evidence, and the next start begins a new one';
