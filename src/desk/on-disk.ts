import { PortcullisError } from '../core/errors.ts';

/**
 * Waits until what is counted already is in the journal and in the audit log.
 *
 * @param written whether the journal has it
 * @param kept whether the audit log has it
 * @throws {PortcullisError} `LOG_WRITE_FAILED` where one of them does not
 */
export async function onDisk(what: string, written: Promise<boolean>, kept: Promise<boolean>): Promise<void> {
  const [isWritten, isKept] = await Promise.all([written, kept]);
  if (isWritten && isKept) return;
  const where = isWritten ? 'in the audit log' : 'on disk';
  throw new PortcullisError('LOG_WRITE_FAILED', `${what} is counted, but not ${where}`);
}
