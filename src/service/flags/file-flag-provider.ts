import { readFile } from 'node:fs/promises';
import { ProviderEvents } from '@openfeature/server-sdk';
import { z } from 'zod';
import type { AuditTrail } from '../../audit/audit-log.ts';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { type Principal, system } from '../../core/principal.ts';
import { messageOf } from '../../core/message-of.ts';
import { writeDurably } from '../../storage/draft-file.ts';
import { type LogFs, nodeFs } from '../../storage/log-fs.ts';
import { Turns } from '../../storage/turns.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { silentLogger } from '../../telemetry/silent-logger.ts';
import { Flag } from './flag.ts';
import type { FlagDefinition } from './flag-definition.ts';
import { differences, type FlagDifference, type FlagFile, parseFlagFile, withFlag } from './flag-file.ts';
import { FlagSetProvider } from './flag-set-provider.ts';

const schema = z.strictObject({
  /** The file of flags. */
  path: z.string().min(1),
  /** How often its content is looked at. */
  pollMs: z.int().min(10).max(86_400_000).default(5000),
});

/** @interface */
export type FileFlagProviderOptions = z.input<typeof schema>;

export interface FileFlagProviderDeps {
  readonly clock: Clock;
  readonly audit: AuditTrail;
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** Where `change` writes. Default: the disk. */
  readonly fs?: LogFs;
}

/** One change of one flag, and who wants it. */
export interface FlagChange {
  readonly flag: string;
  readonly edit: (definition: FlagDefinition) => FlagDefinition;
  readonly by: Principal;
  readonly reason: string;
}

/** Who is named for a change that was found in the file. */
const BY_FILE = system('file');

/**
 * Flags from a JSON file that is looked at again and again. A new content counts once it is in the audit log, by
 * `system:file`. A file that is damaged or gone leaves the flags as they were: that is logged, audited, and the provider is
 * `STALE` until the file is well again.
 */
export class FileFlagProvider extends FlagSetProvider {
  readonly #path: string;
  readonly #pollMs: number;
  readonly #clock: Clock;
  readonly #audit: AuditTrail;
  readonly #log: Logger;
  readonly #fs: LogFs;
  readonly #warned = new Set<string>();
  #file: FlagFile | undefined;
  #fault: string | undefined;
  #timer: Disposable | undefined;
  #isPolling = false;
  readonly #turns = new Turns();

  /** @throws {PortcullisError} `OPTION_INVALID`. Nothing is read before `initialize()`. */
  constructor(options: FileFlagProviderOptions, deps: FileFlagProviderDeps) {
    const { path, pollMs } = parseOptions('FileFlagProvider', schema, options);
    super('file', new Map());
    this.#path = path;
    this.#pollMs = pollMs;
    this.#clock = deps.clock;
    this.#audit = deps.audit;
    this.#log = (deps.logger ?? silentLogger).child({ file: path });
    this.#fs = deps.fs ?? nodeFs;
  }

  /** Why the file as it is now does not count; undefined when it does. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Names of the flags whose `expiresAt` is past. */
  get expired(): readonly string[] {
    const nowMs = this.#clock.nowMs();
    return [...this.flags.values()].filter((flag) => !(nowMs < flag.expiresAtMs)).map(({ name }) => name);
  }

  /**
   * Reads the file for the first time and begins to look for changes; OpenFeature calls it.
   *
   * @throws {PortcullisError} `FILE_UNREADABLE` or `INPUT_INVALID`: without good flags there is nothing to fall back on.
   */
  async initialize(): Promise<void> {
    if (this.#timer !== undefined) return;
    const file = parseFlagFile(this.#path, await this.#read());
    this.#adopt(file, [...file.flags.keys()]);
    this.#timer = this.#clock.every(this.#pollMs, () => {
      if (this.#isPolling) return;
      this.#isPolling = true;
      void this.reload().finally(() => {
        this.#isPolling = false;
      });
    });
  }

  /** Looks for no further changes, and waits for what is under way. A second call is harmless. */
  async onClose(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    await this.#turns.settled();
  }

  /** Resolves when no look and no change is under way. */
  async onceIdle(): Promise<void> {
    await this.#turns.settled();
  }

  /** Looks at the file now, as each poll does. Never rejects: `fault` says what is wrong with it. */
  reload(): Promise<void> {
    return this.#turns.take(() => this.#look());
  }

  /**
   * Changes one flag in the file: what stands in it now is taken in first, then the change is audited, then written. With the
   * audit log or the disk against it nothing changes. A definition that is the same already is no change.
   *
   * @throws {PortcullisError} `FLAG_UNKNOWN`; `INPUT_INVALID` for a definition that is none; `FLAG_CHANGE_REFUSED` when the file
   * is damaged, or audit log or disk did not take it; `SERVICE_STOPPED` before `initialize()` and after `onClose()`.
   */
  change(change: FlagChange): Promise<void> {
    return this.#turns.take(() => this.#change(change));
  }

  async #look(): Promise<void> {
    if (this.#timer === undefined) return;
    this.#warnOfExpired();
    try {
      const text = await this.#read();
      if (text !== this.#file?.text) await this.#takeIn(parseFlagFile(this.#path, text));
    } catch (error) {
      await this.#reportFault(messageOf(error));
      return;
    }
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#log.info('flags: the file is well again');
    this.events.emit(ProviderEvents.Ready);
  }

  /** A content that was not written here. */
  async #takeIn(file: FlagFile): Promise<void> {
    const changes = differences(this.flags, file.flags);
    if (changes.length > 0) await this.#record(changes, BY_FILE, 'found in the file');
    this.#adopt(file, namesOf(changes));
  }

  async #change({ flag: name, edit, by, reason }: FlagChange): Promise<void> {
    if (this.#timer === undefined)
      throw new PortcullisError('SERVICE_STOPPED', 'flags: the provider is not in use');
    await this.#look();
    const known = this.flags.get(name);
    if (known === undefined) {
      const names = [...this.flags.keys()].join(', ');
      throw new PortcullisError('FLAG_UNKNOWN', `flag ${JSON.stringify(name)}: expected one of ${names}`);
    }
    if (this.#fault !== undefined || this.#file === undefined) throw refused(name, this.#fault ?? 'no file');
    const next = Flag.parse(name, edit(known.definition));
    const file = withFlag(this.#file, next);
    const changes = differences(this.flags, file.flags);
    if (changes.length === 0) return;
    await this.#record(changes, by, reason);
    try {
      await writeDurably(this.#fs, this.#path, file.text);
    } catch (cause) {
      await this.#tell({ kind: 'flags.change-failed', by, flag: name, why: messageOf(cause) });
      throw refused(name, `the file cannot be written: ${messageOf(cause)}`, cause);
    }
    this.#adopt(file, namesOf(changes));
  }

  /** @throws {PortcullisError} `FLAG_CHANGE_REFUSED`: what is not in the audit log does not count. */
  async #record(changes: readonly FlagDifference[], by: Principal, reason: string): Promise<void> {
    try {
      await this.#audit.record({ kind: 'flags.changed', by, reason, file: this.#path, changes });
    } catch (cause) {
      throw refused(
        namesOf(changes).join(', '),
        `the audit log does not take it: ${messageOf(cause)}`,
        cause,
      );
    }
  }

  #adopt(file: FlagFile, changed: string[]): void {
    this.#file = file;
    this.#warnOfExpired(file);
    if (changed.length === 0) return; // another way to write the same
    this.replace(file.flags, changed);
    this.#log.info({ flags: changed }, 'flags: in force');
  }

  /** Once for each fault, not at every poll. */
  async #reportFault(why: string): Promise<void> {
    if (this.#fault === why) return;
    this.#fault = why;
    this.#log.error({ why }, 'flags: the file is not taken in, the flags stay as they were');
    this.events.emit(ProviderEvents.Stale, { message: why });
    await this.#tell({ kind: 'flags.file-refused', by: BY_FILE, file: this.#path, why });
  }

  /** For what has happened anyway: an audit log that is down cannot undo it. */
  async #tell(event: Parameters<AuditTrail['record']>[0]): Promise<void> {
    try {
      await this.#audit.record(event);
    } catch (err) {
      this.#log.error({ err, event: event.kind }, 'flags: the audit log does not take it');
    }
  }

  #warnOfExpired(file = this.#file): void {
    const nowMs = this.#clock.nowMs();
    for (const { name, expiresAtMs } of file?.flags.values() ?? []) {
      if (nowMs < expiresAtMs) this.#warned.delete(name);
      else if (!this.#warned.has(name)) {
        this.#warned.add(name);
        this.#log.warn({ flag: name, expiresAtMs }, 'flags: this one has expired and should go');
      }
    }
  }

  async #read(): Promise<string> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (cause) {
      throw new PortcullisError('FILE_UNREADABLE', `${this.#path}: ${messageOf(cause)}`, { cause });
    }
  }

  /** One at a time: a poll never sees a change half made. */
}

const namesOf = (changes: readonly FlagDifference[]): string[] => changes.map(({ flag }) => flag);

const refused = (flag: string, why: string, cause?: unknown): PortcullisError =>
  new PortcullisError('FLAG_CHANGE_REFUSED', `flag ${flag} stays as it was: ${why}`, {
    cause,
    details: { flag },
  });
