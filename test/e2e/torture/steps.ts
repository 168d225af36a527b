/** A place at which the trader is killed, and by which visit at the latest: rare ones at the first. */
interface Step {
  readonly step: string;
  readonly most: number;
}

const steps = (most: number, names: readonly string[]): Step[] => names.map((step) => ({ step, most }));

const record = (type: string): string[] =>
  ['before', 'appended', 'durable'].map((at) => `journal.${type}.${at}`);
const asked = (what: string): string[] => ['before', 'sent', 'answered'].map((at) => `venue.${what}.${at}`);
const told = (type: string): string[] => ['before', 'counted'].map((at) => `event.${type}.${at}`);

/** The order path and all around it, step by step. */
export const STEPS: readonly Step[] = [
  ...steps(15, [...record('submitting'), ...asked('place'), ...record('accepted')]),
  ...steps(5, [...record('filled'), ...told('filled')]),
  ...steps(2, [...record('rejected'), ...record('timedOut'), ...record('abandoned')]),
  ...steps(1, record('absent')),
  ...steps(4, [
    ...record('cancelRequested'),
    ...asked('cancel'),
    ...record('cancelled'),
    ...told('cancelled'),
  ]),
  ...steps(3, [...record('amendRequested'), ...asked('amend'), ...record('amended'), ...told('amended')]),
  ...steps(1, ['archive.orders.before', 'archive.orders.written', 'archive.before', 'archive.written']),
  ...steps(1, [...record('dayRolled'), ...record('retired')]),
  ...steps(20, ['file.journal.torn', 'file.journal.written', 'file.journal.synced', 'file.audit.torn']),
  ...steps(2, ['file.snapshot.torn', 'file.snapshot.synced', 'file.snapshot.renaming']),
  ...steps(2, ['file.snapshot.renamed', 'file.start.renaming', 'file.start.renamed']),
  ...steps(2, ['file.journal.removing', 'file.journal.removed']),
  ...steps(1, [...asked('open-orders'), ...asked('fills'), ...asked('positions'), ...asked('balances')]),
  ...steps(2, asked('lookup')),
  ...steps(1, ['kill-switch.trip.before', 'kill-switch.trip.written']),
  ...steps(1, ['kill-switch.release.before', 'kill-switch.release.written']),
];

/** A kill from outside, at a moment that nobody chose. */
export const AT_RANDOM = 'at random';
