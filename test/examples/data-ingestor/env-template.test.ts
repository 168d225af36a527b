import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ingestorConfig } from '../../../examples/data-ingestor/config.ts';
import { IngestorService } from '../../../examples/data-ingestor/ingestor-service.ts';
import { fieldsOf } from '../../../src/service/config/config-fields.ts';
import { environmentName } from '../../../src/service/config/environment-names.ts';
import { shapeOf } from '../../../src/service/config/schema-walk.ts';
import { serviceSettings } from '../../../src/service/service-settings.ts';
import { testService } from '../../../src/testing/index.ts';
import { configOf, textOf } from './support.ts';

const template = textOf('.env.template');
/** As a user gets it. */
const plain = parseEnv(template) as Record<string, string>;
/** With everything that stands behind `#`. */
const whole = parseEnv(template.replaceAll(/^# (?=[A-Z_]+=)/gm, '')) as Record<string, string>;

/** Every variable that the service takes for a single value. */
const variables = (): readonly string[] => {
  const schema = ingestorConfig.safeExtend({ service: serviceSettings });
  const leaves = fieldsOf(schema).filter(({ schema: field }) => shapeOf(field) === undefined);
  return ['INGESTOR_PROFILE', ...leaves.map(({ path }) => environmentName('INGESTOR_', path))];
};

test('names every field of the configuration, and nothing else but what it refers to', () => {
  const others = ['QUOTES_KEY', 'FLAG_INGEST'];
  expect(Object.keys(whole).toSorted()).toEqual([...variables(), ...others].toSorted());
});

test('the service starts with it as it is', async () => {
  const tested = await testService(IngestorService, { env: plain });
  onTestFinished(async () => {
    await tested.stop();
  });
  expect((await tested.inject('/ready')).status).toBe(200);
});

test('what stands behind # is the default, where there is one', async () => {
  const optional = new Set([
    'SOURCE__URL',
    'SOURCE__API_KEY',
    'DATA_DIR',
    'SERVICE__FLAGS_FILE',
    'SERVICE__ADMIN_PORT',
  ]);
  const source = {
    INGESTOR_SOURCE__URL: 'https://quotes.example.com',
    INGESTOR_SOURCE__API_KEY: 'env:QUOTES_KEY',
  };
  const said = Object.entries(whole).filter(
    ([name]) => name !== 'INGESTOR_PROFILE' && !optional.has(name.replace('INGESTOR_', '')),
  );
  const withTemplate = await configOf({ ...Object.fromEntries(said), ...source });
  const withDefaults = await configOf({ ...source, QUOTES_KEY: 'key' });
  expect(withTemplate.settings).toEqual(withDefaults.settings);
  expect({ ...withTemplate.own, source: undefined }).toEqual({ ...withDefaults.own, source: undefined });
  expect(withTemplate.own.source?.timeoutMs).toBe(withDefaults.own.source?.timeoutMs);
});

test('the service starts with all of it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-ingestor-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const { INGESTOR_SERVICE__FLAGS_FILE: _, ...rest } = whole;
  const env = {
    ...rest,
    INGESTOR_SOURCE__URL: 'http://127.0.0.1:1',
    INGESTOR_DATA_DIR: directory,
    INGESTOR_SERVICE__ADMIN_PORT: '0',
  };
  const tested = await testService(IngestorService, { env });
  onTestFinished(async () => {
    await tested.stop();
  });
  expect((await tested.inject({ url: '/ready', admin: true })).status).toBe(200);
});
