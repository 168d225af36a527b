import { z } from 'zod';
import { verifyAudit } from '../audit/verify-audit.ts';
import { PortcullisError } from '../core/errors.ts';
import { type Command, type Verdict, command, named } from './command.ts';
import { existingLog } from './existing-log.ts';
import { inDirectory } from './in-directory.ts';

/** Checks the hash chain of the audit log, and that it goes through a head that was kept elsewhere. */
export const auditVerify: Command = command({
  name: 'audit verify',
  about: 'checks the hash chain of the audit log',
  usage: ['[--log NAME]', '[--head SEQ:HASH]'],
  options: z.strictObject({
    log: named.default('audit'),
    head: named
      .regex(/^\d{1,15}:[0-9a-f]{64}$/, 'expected SEQ:HASH with 64 hex digits')
      .transform((text) => ({ seq: Number(text.split(':')[0]), hash: text.slice(text.indexOf(':') + 1) }))
      .optional(),
  }),
  run: (path, { log, head }, io) =>
    inDirectory<Verdict>(path, io, async (directory) => {
      const opened = await existingLog(directory, log, io).catch((error: unknown) => {
        throw isDamaged(error) ? evidence(error) : error;
      });
      const verdict = await verifyAudit(opened, head === undefined ? {} : { expectHead: head });
      if (!verdict.ok) {
        io.out(`${log}: record ${verdict.atSeq}: ${verdict.reason}`);
        return 'not-ok';
      }
      io.out(`${log}: ${verdict.records} records, the chain holds`);
      io.out(`head ${verdict.head.seq}:${verdict.head.hash}`);
      return 'ok';
    }),
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
