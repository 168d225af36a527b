import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { writeDurably } from './draft-file.ts';
import { nodeFs } from './log-fs.ts';

const FORMAT = 1;
const FORMAT_FILE = 'portcullis.json';
const Format = z.object({ format: z.number() });

/**
 * Writes the format of a new directory into it, compares that of an old one.
 *
 * @throws {PortcullisError} `FORMAT_UNSUPPORTED`
 */
export async function checkFormat(directory: string, isNew: boolean): Promise<void> {
  const path = join(directory, FORMAT_FILE);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined && isNew) {
    return writeDurably(nodeFs, path, `${JSON.stringify({ format: FORMAT })}\n`);
  }
  const format = text === undefined ? 'no such file beside logs and stores' : formatIn(text);
  if (format === FORMAT) return;
  throw new PortcullisError('FORMAT_UNSUPPORTED', `${path}: expected format ${FORMAT}, got ${format}`, {
    details: { path },
  });
}

function formatIn(text: string): number | string {
  try {
    return Format.parse(JSON.parse(text)).format;
  } catch {
    return JSON.stringify(text.slice(0, 40));
  }
}
