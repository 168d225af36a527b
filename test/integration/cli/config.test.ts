import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../../../src/cli/index.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';
import { type Said, clock } from '../../cli/support/data.ts';

const MODULES = {
  service: new URL('../../cli/support/configs/service.ts', import.meta.url),
  schemas: new URL('../../cli/support/configs/schemas.ts', import.meta.url),
  several: new URL('../../cli/support/configs/several.ts', import.meta.url),
  nothing: new URL('../../cli/support/configs/nothing.ts', import.meta.url),
};
const moduleOf = (name: keyof typeof MODULES): string => fileURLToPath(MODULES[name]);
const SERVICE = moduleOf('service');

async function explain(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    clock,
    env,
    version: '1',
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
  };
  return { code: await runCommand(['config', 'explain', ...args], io), out, err };
}

describe('portcullis config explain', () => {
  test('prints every value with its source', async () => {
    const env = { QUOTES_HTTP__PORT: '81', QUOTES_KEY: 'env:SESAME', SESAME: 'open' };
    const { code, out, err } = await explain([SERVICE, '--profile', 'loud'], env);
    expect([code, err]).toEqual([0, []]);
    expect(out.slice(0, -1)).toEqual([
      'path      | value                 | source',
      'http.port | 81                    | environment QUOTES_HTTP__PORT',
      'http.host | ::1                   | default',
      'key       | [redacted] env:SESAME | environment QUOTES_KEY',
      'symbols   | ["A","B"]             | profile loud',
    ]);
    expect(out.at(-1)).toMatch(/^profile loud, hash [0-9a-f]{64}$/);
    expect(out.join('\n')).not.toContain('open');
  });

  test('prints it as JSON', async () => {
    const { code, out } = await explain([SERVICE, '--json']);
    const said = JSON.parse(out.join('\n')) as Record<string, unknown>;
    expect([code, said['profile'], said['hash']]).toEqual([0, null, expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(said['lines']).toEqual([
      { path: 'http.port', value: 80, source: 'default', overrode: [] },
      { path: 'http.host', value: '::1', source: 'default', overrode: [] },
      { path: 'symbols', value: [], source: 'default', overrode: [] },
    ]);
  });

  test('with files, and a warning of a secret that everyone may read', async () => {
    const directory = await temporaryDirectory();
    const [file, envFile, key] = ['quotes.json', '.env', 'key'].map((name) => join(directory, name));
    await writeFile(file ?? '', JSON.stringify({ key: `file:${key ?? ''}`, http: { port: 1 } }));
    await writeFile(envFile ?? '', 'QUOTES_HTTP__PORT=2\nQUOTES_PROFILE=loud');
    await writeFile(key ?? '', 'open\n');
    await chmod(key ?? '', 0o644);
    const { code, out } = await explain([SERVICE, '--file', file ?? '', '--env-file', envFile ?? '']);
    const text = out.join('\n');
    expect(code).toBe(0);
    expect(text).toContain(`file ${envFile ?? ''} QUOTES_HTTP__PORT`);
    expect(text).toContain(`warning: key: every user of the machine may read ${key ?? ''}`);
    expect(text).toContain('profile loud, ');
    expect(text).not.toContain('open');
  });

  test('the command line chooses the profile before the environment', async () => {
    const { out } = await explain([SERVICE, '--profile', 'light'], { QUOTES_PROFILE: 'loud' });
    expect(out.at(-1)).toContain('profile light');
  });

  test('vaults are not asked', async () => {
    const { code, out } = await explain([SERVICE], { QUOTES_KEY: 'vault:kv/app' });
    expect([code, out[3]]).toEqual([0, 'key       | [redacted] vault:kv/app | environment QUOTES_KEY']);
  });

  test('ends with 1 and every issue when it is not valid', async () => {
    const env = { QUOTES_HTTP__PORT: '65536', QUOTES_SYMBOL: '[]', QUOTES_KEY: 'open' };
    const { code, out, err } = await explain([SERVICE], env);
    expect([code, out]).toEqual([1, []]);
    expect(err).toEqual([
      'QUOTES_SYMBOL: expected the name of a field; nearest: QUOTES_SYMBOLS (environment QUOTES_SYMBOL)',
      'http.port: expected number to be <=65535, got 65536 (environment QUOTES_HTTP__PORT)',
      'key: expected where the secret stands, not the secret: env:NAME, file:/absolute/path or vault:reference, got [redacted] (environment QUOTES_KEY)',
    ]);
    const json = await explain([SERVICE, '--json'], env);
    const said = JSON.parse(json.out.join('\n')) as { issues: { field: string }[] };
    expect([json.code, said.issues.map(({ field }) => field)]).toEqual([
      1,
      ['QUOTES_SYMBOL', 'http.port', 'key'],
    ]);
  });

  test('takes the variables of the process where it is not given any', async () => {
    process.env['QUOTES_HTTP__PORT'] = '4';
    onTestFinished(() => {
      delete process.env['QUOTES_HTTP__PORT'];
    });
    const out: string[] = [];
    const io = {
      clock,
      version: '1',
      out: (line: string) => out.push(line),
      err: (line: string) => out.push(line),
    };
    await runCommand(['config', 'explain', SERVICE], io);
    expect(out[1]).toContain('environment QUOTES_HTTP__PORT');
  });
});

describe('what the module exports', () => {
  test('the default export, and the name from the command line', async () => {
    const { code, out } = await explain([moduleOf('schemas'), '--name', 'one'], { ONE_A: 'z' });
    expect([code, out[1]]).toEqual([0, 'a    | z     | environment ONE_A']);
  });

  test('the one that is asked for', async () => {
    const { code, out } = await explain([moduleOf('several'), '--export', 'first', '--name', 'one']);
    expect([code, out[1]]).toEqual([0, 'a    | x     | default']);
  });

  test.each([
    ['no module', [], 'module: expected a value'],
    ['two modules', [SERVICE, SERVICE], 'expected one module'],
    ['an option that is none', [SERVICE, '--prof', 'x'], "Unknown option '--prof'"],
    ['a module that is not there', ['/nowhere.ts'], 'FILE_UNREADABLE: /nowhere.ts: expected a module'],
    ['a module without any', [moduleOf('nothing')], 'expected an export that is a schema'],
    ['several without a choice', [moduleOf('several')], 'choose with --export from first, second'],
    [
      'an export that is not there',
      [SERVICE, '--export', 'Trades'],
      'exports no Trades that is a configuration',
    ],
    ['an export that is none', [moduleOf('schemas'), '--export', 'neither'], 'exports no neither'],
    ['no name', [moduleOf('schemas')], 'add --name SERVICE'],
    ['a definition with an option that is none', [moduleOf('schemas'), '--export', 'second'], 'oops'],
  ])('refuses %s', async (_what, args, why) => {
    const { code, out, err } = await explain(args);
    expect([code, out]).toEqual([2, []]);
    expect(err[0]).toContain(why);
  });
});
