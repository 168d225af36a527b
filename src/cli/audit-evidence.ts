import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { AuditHead } from '../audit/audit-record.ts';
import { HeadKeys, type PublicKeys, type SignedHead, signedHeadSchema } from '../audit/signed-head.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import { messageOf } from '../core/message-of.ts';

const PLAIN = /^(\d{1,15}):([0-9a-f]{64})$/;

/**
 * A head that was kept: `SEQ:HASH`, or a file that holds that or a signed head.
 *
 * @throws {PortcullisError} `INPUT_INVALID`, `FILE_UNREADABLE`
 */
export async function keptHead(given: string): Promise<AuditHead | SignedHead> {
  const plain = plainHead(given);
  if (plain !== undefined) return plain;
  if (/^\d+:/.test(given)) {
    throw new PortcullisError(
      'INPUT_INVALID',
      `audit verify: head: expected SEQ:HASH with 64 hex digits, got ${JSON.stringify(given)}`,
    );
  }
  const text = (await read(given)).trim();
  return plainHead(text) ?? parseInput(`${given}: signed head`, signedHeadSchema, jsonOf(text));
}

/**
 * Public keys by the names of their files.
 *
 * @param files names, with commas between
 * @throws {PortcullisError} `INPUT_INVALID`, `FILE_UNREADABLE`
 */
export async function publicKeys(files: string): Promise<PublicKeys> {
  const keys: Record<string, string> = {};
  for (const file of files.split(',')) {
    const key = await read(file);
    try {
      new HeadKeys({ [file]: key });
    } catch (cause) {
      throw new PortcullisError('INPUT_INVALID', `${file}: expected a public Ed25519 key as PEM`, { cause });
    }
    keys[Object.hasOwn(keys, basename(file)) ? file : basename(file)] = key;
  }
  return keys;
}

function plainHead(text: string): AuditHead | undefined {
  const [, seq, hash] = PLAIN.exec(text) ?? [];
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `${file}: ${messageOf(cause)}`, { cause });
  }
}
