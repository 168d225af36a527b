import type { ConfigFiles } from './config-files.ts';
import type { ConfigIssue } from './config-issue.ts';
import type { ConfigLayer } from './config-layer.ts';
import { pathText } from './config-fields.ts';
import { isPlain } from './config-tree.ts';
import { readEnvText } from './env-text.ts';
import type { Variables } from './environment-layer.ts';
import { messageOf } from '../../core/message-of.ts';
import { readJson } from './json-text.ts';
import { faultText } from './text-fault.ts';

/** Content of a file, or why there is none. */
type Found<T> = { readonly content: T } | { readonly issue: ConfigIssue };

const NONE: ConfigLayer = { tree: {}, sourceOf: () => '' };

export async function fileLayer(path: string | undefined, files: ConfigFiles): Promise<Found<ConfigLayer>> {
  if (path === undefined) return { content: NONE };
  const source = `file ${path}`;
  const text = await textOf('file', path, files);
  if ('issue' in text) return text;
  const read = readJson(text.content);
  if ('fault' in read) return { issue: { field: 'file', expected: faultText(read.fault), source } };
  const tree = read.value;
  if (!isPlain(tree)) return { issue: { field: 'file', expected: 'expected an object as JSON', source } };
  return { content: { tree, sourceOf: (at) => `${source} at ${pathText(at)}` } };
}

export async function envFileVariables(
  path: string | undefined,
  files: ConfigFiles,
): Promise<Found<Variables>> {
  if (path === undefined) return { content: {} };
  const text = await textOf('envFile', path, files);
  if ('issue' in text) return text;
  const read = readEnvText(text.content);
  if ('values' in read) return { content: read.values };
  return { issue: { field: 'envFile', expected: faultText(read.fault), source: `file ${path}` } };
}

async function textOf(field: string, path: string, files: ConfigFiles): Promise<Found<string>> {
  try {
    return { content: await files.read(path) };
  } catch (error) {
    const expected = `expected a file that can be read: ${messageOf(error)}`;
    return { issue: { field, expected, source: `file ${path}` } };
  }
}
