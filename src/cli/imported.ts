import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';

/** What a module exports. @throws {PortcullisError} `FILE_UNREADABLE` */
export async function imported(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `${path}: expected a module: ${messageOf(cause)}`, {
      cause,
    });
  }
}
