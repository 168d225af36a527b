import { z } from 'zod';
import { verifyAudit } from '../audit/verify-audit.ts';
import { type Command, type Verdict, command, named } from './command.ts';
import { inDirectory } from './in-directory.ts';

/** Checks the hash chain of the audit log, and that it goes through a head that was kept elsewhere. */
export const auditVerify: Command = command({
  name: 'audit verify',
  about: 'checks the hash chain of the audit log',
  usage: ['[--log NAME]', '[--head SEQ:HASH]'],
  options: z.strictObject({
    log: z.string().default('audit'),
    head: named
      .regex(/^\d{1,15}:[0-9a-f]{64}$/, 'expected SEQ:HASH with 64 hex digits')
      .transform((text) => ({ seq: Number(text.split(':')[0]), hash: text.slice(text.indexOf(':') + 1) }))
      .optional(),
  }),
  run: (path, { log, head }, io) =>
    inDirectory<Verdict>(path, io, async (directory) => {
      const opened = await directory.openLog(log);
      const verdict = await verifyAudit(opened, head === undefined ? {} : { expectHead: head });
      if (verdict.ok) {
        io.out(`${log}: ${verdict.records} records, the chain holds`);
        io.out(`head ${verdict.head.seq}:${verdict.head.hash}`);
        return 'ok';
      }
      io.out(`${log}: record ${verdict.atSeq}: ${verdict.reason}`);
      return 'not-ok';
    }),
});
