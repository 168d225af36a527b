import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import type { ConfigFiles } from './config-files.ts';
import { type SecretReference, referenceText } from './secret-reference.ts';

/** Where secrets are kept that are neither in the environment nor in files. */
export interface SecretVault {
  /** The secret under a reference (what stands behind `vault:`). */
  read(reference: string, signal: AbortSignal): Promise<string>;
  /** Calls when the secret may have changed, until disposed. Without it the vault is asked every now and then. */
  watch?(reference: string, onChange: () => void): Disposable;
}

export interface SecretReaderDeps {
  /** Environment and `.env` file, whatever the prefix. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly files: ConfigFiles;
  readonly vault: SecretVault | undefined;
  readonly clock: Clock;
  /** For one secret. */
  readonly timeoutMs: number;
}

/** A secret as it was read. */
export interface ReadSecret {
  readonly text: string;
  /** Something to be put right, such as a file that others may read. */
  readonly warning?: string;
}

const LARGEST_BYTES = 65_536;
const OTHERS_MAY_READ = 0o004;

/** Reads secrets where their references point. */
export class SecretReader {
  readonly #deps: SecretReaderDeps;

  constructor(deps: SecretReaderDeps) {
    this.#deps = deps;
  }

  /** @throws {PortcullisError} `SECRET_UNREADABLE`: says why, and nothing of what was found */
  async read(reference: SecretReference, signal: AbortSignal): Promise<ReadSecret> {
    try {
      const found = await this.#within(signal, (inner) => this.#find(reference, inner));
      if (typeof found.text !== 'string') throw unreadable('is no text');
      if (found.text.trim() === '') throw unreadable('is empty');
      return found;
    } catch (error) {
      // The message of a vault, or an error as cause, could hold what nobody may see.
      const why = error instanceof Unreadable ? error.message : `cannot be read: ${kindOf(error)}`;
      throw new PortcullisError('SECRET_UNREADABLE', `secret ${referenceText(reference)} ${why}`);
    }
  }

  async #find(reference: SecretReference, signal: AbortSignal): Promise<ReadSecret> {
    switch (reference.kind) {
      case 'literal':
        return { text: reference.text, warning: 'a literal: only for tests and development' };
      case 'env': {
        const { variables } = this.#deps;
        const text = Object.hasOwn(variables, reference.name) ? variables[reference.name] : undefined;
        if (text === undefined) throw unreadable('is not set');
        return { text };
      }
      case 'file':
        return this.#file(reference.path);
      case 'vault':
        if (this.#deps.vault === undefined) throw unreadable('needs a vault, and there is none');
        return { text: await this.#deps.vault.read(reference.reference, signal) };
    }
  }

  async #file(path: string): Promise<ReadSecret> {
    const { files } = this.#deps;
    const before = await files.stat(path);
    if (!before.isFile) throw unreadable('is no file');
    if (before.bytes > LARGEST_BYTES) throw unreadable(`is larger than ${LARGEST_BYTES} bytes`);
    const text = await files.read(path);
    const after = await files.stat(path);
    if (after.stamp !== before.stamp) throw unreadable('was being written');
    const isOpen = (after.mode & OTHERS_MAY_READ) !== 0;
    return {
      text: text.replace(/[\r\n]+$/, ''),
      ...(isOpen && { warning: `every user of the machine may read ${path}: take the mode back to 0400` }),
    };
  }

  /** What is not there in time fails, whether or not it heeds the signal. */
  #within<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#deps;
    const late = new AbortController();
    const inner = AbortSignal.any([signal, late.signal]);
    return new Promise<T>((resolve, reject) => {
      const timer = clock.deadline(timeoutMs, () => {
        late.abort(unreadable(`was not there within ${timeoutMs} ms`));
      });
      const onAbort = (): void => {
        reject(late.signal.aborted ? (late.signal.reason as Error) : unreadable('is no longer wanted'));
      };
      if (inner.aborted) onAbort();
      inner.addEventListener('abort', onAbort, { once: true });
      void work(inner)
        .then(resolve, reject)
        .finally(() => {
          timer[Symbol.dispose]();
          inner.removeEventListener('abort', onAbort);
        });
    });
  }
}

/** What we say ourselves about a secret. */
class Unreadable extends Error {}
const unreadable = (why: string): Unreadable => new Unreadable(why);

/** A code such as `ENOENT`, else the name of the error: its message is not ours. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,40}$/.test(code)) return code;
  return /^[A-Za-z]{1,40}$/.test(error.name) ? error.name : 'it failed';
}
