/** A place at which the trader is killed, and by which visit at the latest: rare ones at the first. */
interface Step {
  readonly step: string;
  readonly most: number;
}

const steps = (most: number, names: readonly string[]): Step[] => names.map((step) => ({ step, most }));

const of = (what: string, ...moments: string[]): string[] => moments.map((moment) => `${what}.${moment}`);

/**
 * The order path and all around it, step by step. `journal.*`: before a record is given to the log, with its place in it,
 * on disk. `venue.*`: before a request, while it is on its way, with its answer. `event.*`: before an event is counted,
 * and after. `file.*`: a write torn in half, written, synced, given its name, removed.
 */
export const STEPS: readonly Step[] = [
  ...steps(15, of('journal.submitting', 'before', 'appended', 'durable')),
  ...steps(15, of('venue.place', 'before', 'sent', 'answered')),
  ...steps(15, of('journal.accepted', 'appended', 'durable')),
  ...steps(5, [...of('event.filled', 'before', 'counted'), ...of('journal.filled', 'appended', 'durable')]),
  ...steps(2, ['journal.rejected.appended', 'journal.timedOut.appended', 'journal.abandoned.appended']),
  ...steps(1, ['journal.absent.appended']),
  ...steps(4, of('journal.cancelRequested', 'appended', 'durable')),
  ...steps(4, of('venue.cancel', 'sent', 'answered')),
  ...steps(4, of('journal.cancelled', 'appended', 'durable')),
  ...steps(3, of('journal.amendRequested', 'appended', 'durable')),
  ...steps(3, of('venue.amend', 'sent', 'answered')),
  ...steps(3, of('journal.amended', 'appended', 'durable')),
  ...steps(20, [...of('file.journal', 'torn', 'synced'), 'file.audit.torn']),
  ...steps(2, of('file.snapshot', 'torn', 'synced', 'renamed')),
  ...steps(2, [...of('file.start', 'renaming', 'renamed'), ...of('file.journal', 'removing', 'removed')]),
  ...steps(1, [
    ...of('journal.dayRolled', 'appended', 'durable'),
    ...of('archive.orders', 'before', 'written'),
  ]),
  ...steps(1, ['archive.written', ...of('journal.retired', 'appended', 'durable')]),
  ...steps(
    1,
    ['open-orders', 'fills', 'positions', 'balances'].flatMap((what) => of(`venue.${what}`, 'answered')),
  ),
  ...steps(2, of('venue.lookup', 'sent', 'answered')),
  ...steps(1, [
    ...of('kill-switch.trip', 'before', 'written'),
    ...of('kill-switch.release', 'before', 'written'),
  ]),
];

/** A kill from outside, at a moment that nobody chose. */
export const AT_RANDOM = 'at random';
