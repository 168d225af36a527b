import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ManualClock } from '../../../../src/core/index.ts';
import { type Secret, type SecretVault, loadConfig, secret } from '../../../../src/service/index.ts';
import { temporaryDirectory } from '../../../storage/support/temporary.ts';
import { issuesOf, load, refused } from '../../../service/config/support/loading.ts';

const keyed = z.strictObject({ key: secret() });
const keyOf = async (key: string, given: Parameters<typeof load<typeof keyed>>[1] = {}): Promise<Secret> =>
  (await load(keyed, { ...given, overrides: { key } })).value.key;
const whyNot = async (
  key: string,
  given: Parameters<typeof load<typeof keyed>>[1] = {},
): Promise<unknown> => {
  const [issue] = await issuesOf(load(keyed, { ...given, overrides: { key } }));
  return issue?.expected;
};
const unread = (why: string): string => `expected a secret that can be read: secret ${why}`;
const vaultOf = (read: SecretVault['read']): { deps: { vault: SecretVault } } => ({
  deps: { vault: { read } },
});

describe('Secret', () => {
  test('shows itself only when asked', async () => {
    const key = await keyOf('env:KEY', { env: { KEY: 'sesame' } });
    expect(key.reveal()).toBe('sesame');
    const shown = [
      String(key),
      `a ${key as unknown as string}`,
      JSON.stringify({ key }),
      inspect(key),
      inspect({ key }, { showHidden: true, depth: 9 }),
      inspect(key, { customInspect: false, showHidden: true }),
      Object.entries(key).join(),
      JSON.stringify(structuredClone(key)),
    ].join('\n');
    expect(shown).not.toContain('sesame');
    expect([String(key), JSON.stringify(key), inspect(key)]).toEqual([
      '[redacted]',
      '"[redacted]"',
      '[redacted]',
    ]);
  });

  test('has no text before it was read', async () => {
    const key = keyed.parse({ key: 'env:KEY' }).key;
    expect((await refused(Promise.resolve().then(() => key.reveal()))).code).toBe('SECRET_UNREADABLE');
  });
});

describe('secret()', () => {
  const written = (schema: z.ZodType, text: unknown): boolean => schema.safeParse(text).success;

  test.each(['env:KEY', 'env:_k.1', 'file:/run/secrets/x', 'vault:kv/app#key'])('takes %s', (text) => {
    expect(written(secret(), text)).toBe(true);
  });

  test.each([
    'sesame',
    '',
    'env:',
    'env:1KEY',
    'env:A B',
    'file:',
    'file:secrets/x',
    'file:./x',
    'vault:',
    'vault: ',
    'ENV:KEY',
    ':KEY',
    'https://host/',
    7,
    null,
  ])('refuses %j', (text) => {
    expect(written(secret(), text)).toBe(false);
  });

  test('takes a literal where that is allowed, and a reference is still one', async () => {
    const open = z.strictObject({ key: secret({ allowLiteral: true }) });
    expect((await load(open, { overrides: { key: 'se:same' } })).value.key.reveal()).toBe('se:same');
    const { value } = await load(open, { overrides: { key: 'env:KEY' }, env: { KEY: 'x' } });
    expect(value.key.reveal()).toBe('x');
    expect(written(secret({ allowLiteral: true }), ' ')).toBe(false);
  });

  test('stays a secret whatever is built around it', async () => {
    const built = z.strictObject({
      a: secret().optional(),
      b: secret().describe('b').prefault('env:KEY'),
      c: secret()
        .refine(() => true)
        .nullable(),
    });
    const loaded = await load(built, { overrides: { a: 'env:KEY', c: 'env:KEY' }, env: { KEY: 'sesame' } });
    const { a, b, c } = loaded.value;
    expect([a?.reveal(), b.reveal(), c?.reveal()]).toEqual(['sesame', 'sesame', 'sesame']);
    expect(loaded.explain().map(({ value }) => value)).toEqual(['[redacted]', '[redacted]', '[redacted]']);
    expect((await load(built, { overrides: { c: null }, env: { KEY: 'k' } })).value).toMatchObject({
      c: null,
    });
  });

  test('refuses a misspelt option', () => {
    expect(() => secret({ allowLiterals: true } as never)).toThrow('allowLiterals');
  });
});

describe('reading a secret', () => {
  test('from the environment, and the .env file under it', async () => {
    const given = { envFile: '/.env', files: { '/.env': 'A=file\nB=file' }, env: { A: 'env' } };
    expect((await keyOf('env:A', given)).reveal()).toBe('env');
    expect((await keyOf('env:B', given)).reveal()).toBe('file');
    expect(await whyNot('env:C', given)).toBe(unread('env:C is not set'));
    expect(await whyNot('env:constructor', given)).toBe(unread('env:constructor is not set'));
    expect(await whyNot('env:A', { env: { A: '' } })).toBe(unread('env:A is empty'));
  });

  test.each([
    ['sesame\n', 'sesame'],
    ['sesame\r\n', 'sesame'],
    ['two\nlines\n\n', 'two\nlines'],
    [' sesame ', ' sesame '],
  ])('from a file, without the end of its last line: %j', async (content, text) => {
    expect((await keyOf('file:/run/key', { files: { '/run/key': content } })).reveal()).toBe(text);
  });

  test.each([
    ['', 'is empty'],
    ['\n', 'is empty'],
    [' \t\r\n', 'is empty'],
    [undefined, 'cannot be read: ENOENT'],
  ])('not from a file of %j', async (content, why) => {
    const files: Record<string, string> = content === undefined ? {} : { '/run/key': content };
    expect(await whyNot('file:/run/key', { files })).toBe(unread(`file:/run/key ${why}`));
  });

  test('from a vault', async () => {
    const asked: string[] = [];
    const vault = vaultOf(async (reference, signal) => {
      asked.push(`${reference} ${String(signal.aborted)}`);
      return 'sesame';
    });
    expect((await keyOf('vault:kv/app', vault)).reveal()).toBe('sesame');
    expect(asked).toEqual(['kv/app false']);
  });

  test.each([
    ['has none', async () => '', 'is empty'],
    ['gives no text', async () => 7 as never, 'is no text'],
    ['fails', () => Promise.reject(new RangeError('sesame')), 'cannot be read: RangeError'],
    [
      'fails with a code',
      () => Promise.reject(Object.assign(new Error('sesame'), { code: 'EPERM' })),
      'cannot be read: EPERM',
    ],
    [
      'fails oddly',
      async () => {
        throw 'sesame';
      },
      'cannot be read: it failed',
    ],
    [
      'has an odd name',
      () => Promise.reject(Object.assign(new Error(), { name: 'se same', code: 'sesame' })),
      'cannot be read: it failed',
    ],
    [
      'throws at once',
      () => {
        throw new TypeError('sesame');
      },
      'cannot be read: TypeError',
    ],
  ])('not from a vault that %s', async (_what, read: SecretVault['read'], why) => {
    expect(await whyNot('vault:x', vaultOf(read))).toBe(unread(`vault:x ${why}`));
  });

  test('not without a vault', async () => {
    expect(await whyNot('vault:x')).toBe(unread('vault:x needs a vault, and there is none'));
  });

  test('not from a vault that does not answer in time, heeding the signal or not', async () => {
    const clock = new ManualClock();
    let signal: AbortSignal | undefined;
    const vault: SecretVault = {
      read: (_reference, given) => {
        signal = given;
        return new Promise(() => undefined);
      },
    };
    const loading = issuesOf(
      load(keyed, { overrides: { key: 'vault:x' }, secretTimeoutMs: 500, deps: { clock, vault } }),
    );
    while (signal === undefined) await clock.turn();
    clock.advance(499);
    await clock.turn();
    expect(signal.aborted).toBe(false);
    clock.advance(1);
    expect((await loading)[0]?.expected).toBe(unread('vault:x was not there within 500 ms'));
    expect(signal.aborted).toBe(true);
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('not once the caller has given up', async () => {
    const given = new AbortController();
    const vault: SecretVault = { read: () => new Promise(() => given.abort()) };
    const deps = { vault, signal: given.signal };
    expect(await whyNot('vault:x', { deps })).toBe(unread('vault:x is no longer wanted'));
    expect(await whyNot('vault:x', { deps })).toBe(unread('vault:x is no longer wanted'));
  });

  test('every secret that cannot be read is said at once', async () => {
    const many = z.strictObject({ a: secret(), b: z.array(secret()), c: z.record(z.string(), secret()) });
    const issues = await issuesOf(
      load(many, { overrides: { a: 'env:A', b: ['env:B', 'env:C'], c: { x: 'env:D' } }, env: { B: 'b' } }),
    );
    expect(issues.map(({ field, source }) => [field, source])).toEqual([
      ['a', 'overrides'],
      ['b.1', 'overrides'],
      ['c.x', 'overrides'],
    ]);
  });

  test('also those in maps and sets', async () => {
    const made = z.strictObject({
      map: z.array(secret()).transform((all) => new Map(all.map((one, at) => [at, one]))),
      set: z.array(secret()).transform((all) => new Set(all)),
    });
    const both = { map: ['env:A'], set: ['env:B'] };
    const { value } = await load(made, { overrides: both, env: { A: 'a', B: 'b' } });
    expect([value.map.get(0)?.reveal(), [...value.set][0]?.reveal()]).toEqual(['a', 'b']);
  });
});

describe('secrets in files of the machine', () => {
  const ofFile = (path: string) =>
    loadConfig(
      keyed,
      { name: 'quotes', overrides: { key: `file:${path}` } },
      { env: {}, clock: new ManualClock() },
    );

  async function fileOf(text: string, mode: number): Promise<string> {
    const path = join(await temporaryDirectory(), 'key');
    await writeFile(path, text, { mode });
    await chmod(path, mode);
    return path;
  }

  test.each([
    [0o400, undefined],
    [0o640, undefined],
    [0o604, 'every user of the machine may read'],
    [0o644, 'every user of the machine may read'],
  ])('a mode of %o', async (mode, warning) => {
    using loaded = await ofFile(await fileOf('sesame\n', mode));
    expect(loaded.value.key.reveal()).toBe('sesame');
    const said = loaded.explain()[0]?.warning;
    if (warning === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(warning);
  });

  test('no directory, and nothing endless', async () => {
    const [issue] = await issuesOf(ofFile(await temporaryDirectory()));
    expect(issue?.expected).toContain('is no file');
    expect((await issuesOf(ofFile('/dev/zero')))[0]?.expected).toBe(unread('file:/dev/zero is no file'));
  });

  test('65,536 bytes and no more', async () => {
    using loaded = await ofFile(await fileOf('x'.repeat(65_536), 0o600));
    expect(loaded.value.key.reveal()).toHaveLength(65_536);
    const [issue] = await issuesOf(ofFile(await fileOf('x'.repeat(65_537), 0o600)));
    expect(issue?.expected).toContain('is larger than 65536 bytes');
  });

  test('a folder that is swapped as Kubernetes does it', async () => {
    const root = await temporaryDirectory();
    for (const text of ['one', 'two']) {
      await mkdir(join(root, text));
      await writeFile(join(root, text, 'key'), `${text}\n`, { mode: 0o400 });
    }
    await symlink(join(root, 'one'), join(root, 'data'));
    using loaded = await ofFile(join(root, 'data', 'key'));
    const { key } = loaded.value;
    let rotations = 0;
    using _listening = key.onRotation(() => (rotations += 1));
    await symlink(join(root, 'two'), join(root, 'next'));
    await rename(join(root, 'next'), join(root, 'data'));
    await loaded.checkSecrets();
    expect([key.reveal(), rotations]).toEqual(['two', 1]);
    await rm(join(root, 'data'));
    await loaded.checkSecrets();
    expect([key.reveal(), rotations, loaded.secrets()[0]?.state]).toEqual(['two', 1, 'stale']);
  });
});
