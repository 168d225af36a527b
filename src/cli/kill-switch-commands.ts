import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { person } from '../core/principal.ts';
import { KillSwitch } from '../risk/kill-switch.ts';
import { type Scope, scopeKey } from '../risk/trading-state.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import { Changes, openAudit } from './audit-trail.ts';
import { type Command, type CommandIo, type Verdict, command, named } from './command.ts';
import { inDirectory } from './in-directory.ts';

const store = named.default('state');
const audit = named.default('audit');
const KINDS = ['venue', 'account', 'strategy', 'instrument'] as const;

/** `firm`, or `kind:id`. */
const scope = named.transform((text, context): Scope => {
  if (text === 'firm') return { kind: 'firm' };
  const kind = KINDS.find((one) => text.startsWith(`${one}:`) && text.length > one.length + 1);
  if (kind !== undefined) return { kind, id: text.slice(kind.length + 1) };
  context.addIssue('expected firm, or venue:, account:, strategy: or instrument: and an id');
  return z.NEVER;
});

/** A switch that was never written is not there to be shown: it would be made. */
async function open(directory: DataDirectory, name: string, io: CommandIo): Promise<KillSwitch> {
  if (directory.isNew) {
    throw new PortcullisError('FILE_UNREADABLE', `${directory.path}: nothing has been recorded here yet`);
  }
  return KillSwitch.open({ store: await directory.openStore(name), clock: io.clock }, false);
}

function show(killSwitch: KillSwitch, io: CommandIo): void {
  const records = killSwitch.records();
  if (records.length === 0) io.out('active');
  for (const { scope: where, state, reason, by, atMs } of records) {
    io.out(`${scopeKey(where)}: ${state} since ${new Date(atMs).toISOString()} by ${by.id}: ${reason}`);
  }
}

/** Prints what is tripped. */
export const killSwitchShow: Command = command({
  name: 'kill-switch show',
  about: 'prints what is tripped, by whom and why',
  usage: ['[--store NAME]'],
  options: z.strictObject({ store }),
  run: (path, options, io) =>
    inDirectory<Verdict>(path, io, async (directory) => {
      show(await open(directory, options.store, io), io);
      return 'ok';
    }),
});

/** Trips a scope while no trading process runs, so that the next one starts restricted. */
export const killSwitchTrip: Command = command({
  name: 'kill-switch trip',
  about: 'restricts a scope before the next start',
  usage: [
    '--scope SCOPE',
    '--to reducing|halted',
    '--by NAME',
    '--reason TEXT',
    '[--store NAME]',
    '[--audit NAME]',
  ],
  options: z.strictObject({
    store,
    audit,
    scope,
    to: z.enum(['reducing', 'halted'], 'expected reducing or halted'),
    by: named,
    reason: named,
  }),
  run: (path, { store: name, audit: auditName, scope: where, to, by, reason }, io) =>
    inDirectory<Verdict>(path, io, async (directory) => {
      const killSwitch = await open(directory, name, io);
      const changes = new Changes(killSwitch);
      const { error } = await killSwitch.trip({ scope: where, to, by: person(by), reason });
      if (error !== undefined) throw error;
      show(killSwitch, io);
      // After it: what is wrong with the audit log must not keep anybody from a trip.
      await changes.recordIn(await openAudit(directory, auditName, io.clock));
      return 'ok';
    }),
});

/** Releases a scope while no trading process runs. */
export const killSwitchRelease: Command = command({
  name: 'kill-switch release',
  about: 'releases a scope; --confirm is the scope, typed out again',
  usage: [
    '--scope SCOPE',
    '--confirm SCOPE',
    '--by NAME',
    '--reason TEXT',
    '[--second NAME]',
    '[--store NAME]',
    '[--audit NAME]',
  ],
  options: z.strictObject({
    store,
    audit,
    scope,
    confirm: named,
    by: named,
    reason: named,
    second: named.optional(),
  }),
  run: (path, { store: name, audit: auditName, scope: where, confirm, by, reason, second }, io) =>
    inDirectory<Verdict>(path, io, async (directory) => {
      const killSwitch = await open(directory, name, io);
      const changes = new Changes(killSwitch);
      // Before it: what cannot be recorded is not released.
      const trail = await openAudit(directory, auditName, io.clock);
      await killSwitch.release({
        scope: where,
        confirm,
        reason,
        by: person(by),
        ...(second !== undefined && { second: person(second) }),
      });
      show(killSwitch, io);
      await changes.recordIn(trail);
      return 'ok';
    }),
});
