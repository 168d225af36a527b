import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { z } from 'zod';
import { ingestorConfig } from '../../../examples/data-ingestor/config.ts';
import { root } from '../../../scripts/rooms.ts';
import { ManualClock } from '../../../src/core/index.ts';
import { loadServiceConfig } from '../../../src/service/service-config.ts';
import type { ServiceSettings } from '../../../src/service/service-settings.ts';

export type Env = Readonly<Record<string, string>>;

export const textOf = (file: string): string => readFileSync(`${root}examples/data-ingestor/${file}`, 'utf8');

/** Documents of a YAML file, read with the parser that one of our dependencies brings. */
export function yamlIn(file: string): readonly unknown[] {
  const bring = createRequire(createRequire(import.meta.url).resolve('@fastify/swagger'));
  const { parseAllDocuments } = bring('yaml') as {
    parseAllDocuments(text: string): { readonly errors: readonly Error[]; toJSON(): unknown }[];
  };
  return parseAllDocuments(textOf(file)).map((document) => {
    if (document.errors.length > 0) throw new AggregateError(document.errors, file);
    return document.toJSON();
  });
}

/** What the service makes of an environment. Keys in files are read from the environment: there is no such file here. */
export async function configOf(
  env: Env,
): Promise<{ readonly settings: ServiceSettings; readonly own: z.output<typeof ingestorConfig> }> {
  const readable = Object.entries(env).map(([name, text]) => [
    name,
    text.startsWith('file:') ? 'env:KEY_OF_THE_TEST' : text,
  ]);
  const { settings, own, loaded } = await loadServiceConfig(
    'ingestor',
    {},
    { config: ingestorConfig },
    {
      env: { ...(Object.fromEntries(readable) as Env), KEY_OF_THE_TEST: 'key' },
      clock: new ManualClock(0),
      signal: new AbortController().signal,
      onError: (error) => {
        throw error;
      },
    },
  );
  loaded[Symbol.dispose]();
  return { settings, own };
}
