import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ManualClock, type PortcullisError } from '../../../src/core/index.ts';
import { SecretReader } from '../../../src/service/config/secret-reader.ts';
import { type SecretVault, secret } from '../../../src/service/index.ts';
import { load } from './support/loading.ts';

const keyed = z.strictObject({ key: secret() });
const PATH = '/run/key';

/** A service with one secret, whose text can be changed. */
async function world(key = `file:${PATH}`, watch?: SecretVault['watch']) {
  const clock = new ManualClock(1_000_000);
  const now = { text: 'one' as string | Error, reads: 0 };
  const read = async (): Promise<string> => {
    now.reads += 1;
    if (now.text instanceof Error) throw now.text;
    return now.text;
  };
  const errors: PortcullisError[] = [];
  const loaded = await load(keyed, {
    overrides: { key },
    env: { KEY: 'one' },
    deps: {
      clock,
      readFile: read,
      vault: { read, ...(watch !== undefined && { watch }) },
      onError: (error) => errors.push(error),
    },
  });
  const rotations: string[] = [];
  loaded.value.key.onRotation(() => rotations.push(loaded.value.key.reveal()));
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let turn = 0; turn < 5; turn++) await clock.turn();
  };
  return { clock, now, errors, loaded, rotations, pass, key: loaded.value.key };
}

const gone = (): Error => Object.assign(new Error('no sesame'), { code: 'ENOENT' });

describe('rotation', () => {
  test.each([`file:${PATH}`, 'vault:kv/app'])('%s is looked at every 30 seconds', async (key) => {
    const { now, pass, rotations, key: held } = await world(key);
    now.text = 'two';
    await pass(29_999);
    expect([held.reveal(), rotations]).toEqual(['one', []]);
    await pass(1);
    expect([held.reveal(), rotations]).toEqual(['two', ['two']]);
    await pass(30_000);
    expect(rotations).toEqual(['two']);
  });

  test('a variable is not looked at again, and nothing waits', async () => {
    const { clock, loaded, errors } = await world('env:KEY');
    expect(clock.nextDueMs).toBe(Infinity);
    await loaded.checkSecrets();
    expect([loaded.value.key.reveal(), errors]).toEqual(['one', []]);
  });

  test('a vault that tells is not polled', async () => {
    let tell = (): void => undefined;
    let ended = 0;
    const { clock, now, pass, key, loaded } = await world('vault:kv/app', (reference, onChange) => {
      expect(reference).toBe('kv/app');
      tell = onChange;
      return { [Symbol.dispose]: () => (ended += 1) };
    });
    expect(clock.nextDueMs).toBe(Infinity);
    now.text = 'two';
    tell();
    await pass(0);
    expect(key.reveal()).toBe('two');
    loaded[Symbol.dispose]();
    loaded[Symbol.dispose]();
    expect(ended).toBe(1);
    now.text = 'three';
    tell();
    await pass(0);
    expect(key.reveal()).toBe('two');
  });

  test('a vault that cannot be watched is told, and the service goes on', async () => {
    const { errors, loaded } = await world('vault:kv/app', () => {
      throw new Error('sesame');
    });
    expect(loaded.value.key.reveal()).toBe('one');
    expect(errors.map(({ message }) => message)).toEqual([
      'key: secret vault:kv/app cannot be watched; the last good text stays in use',
    ]);
  });

  test('what is told during a look is looked for after it', async () => {
    let tell = (): void => undefined;
    const answers: ((text: string) => void)[] = [];
    const vault: SecretVault = {
      read: () => new Promise((resolve) => answers.push(resolve)),
      watch: (_reference, onChange) => {
        tell = onChange;
        return { [Symbol.dispose]: () => undefined };
      },
    };
    const clock = new ManualClock();
    const loading = load(keyed, { overrides: { key: 'vault:x' }, deps: { clock, vault } });
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 5; turn++) await clock.turn();
    };
    await settle();
    answers[0]?.('one');
    const { value } = await loading;
    tell();
    tell();
    tell();
    await settle();
    expect(answers).toHaveLength(2);
    answers[1]?.('two');
    await settle();
    expect(answers).toHaveLength(3);
    answers[2]?.('three');
    await settle();
    expect([value.key.reveal(), answers.length]).toEqual(['three', 3]);
  });

  test('after the end nothing is looked at, and the text stays', async () => {
    const { clock, now, pass, loaded, key, rotations } = await world();
    now.text = 'two';
    clock.advance(30_000);
    loaded[Symbol.dispose]();
    await pass(60_000);
    expect([key.reveal(), rotations, clock.nextDueMs]).toEqual(['one', [], Infinity]);
  });

  test('a listener that is disposed hears nothing', async () => {
    const { now, pass, key } = await world();
    let heard = 0;
    const listener = (): void => {
      heard += 1;
    };
    const first = key.onRotation(listener);
    key.onRotation(listener);
    first[Symbol.dispose]();
    now.text = 'two';
    await pass(30_000);
    expect(heard).toBe(1);
  });
});

describe('a look that fails', () => {
  test.each([
    ['cannot be read', gone(), 'secret file:/run/key cannot be read: ENOENT'],
    ['is empty', '\n', 'secret file:/run/key is empty'],
  ])('a file that %s: the last good text stays, told once', async (_what, text, reason) => {
    const { now, pass, key, errors, loaded, rotations } = await world();
    now.text = text;
    await pass(30_000);
    await pass(30_000);
    expect([key.reveal(), rotations]).toEqual(['one', []]);
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ['SECRET_UNREADABLE', `key: ${reason}; the last good text stays in use`],
    ]);
    expect(loaded.secrets()).toEqual([
      { path: 'key', reference: 'file:/run/key', state: 'stale', readAtMs: 1_000_000, reason },
    ]);
  });

  test('is over with the next good one, and told again when it comes back', async () => {
    const { now, pass, errors, loaded } = await world();
    now.text = gone();
    await pass(30_000);
    now.text = 'one';
    await pass(30_000);
    expect(loaded.secrets()).toEqual([
      { path: 'key', reference: 'file:/run/key', state: 'fresh', readAtMs: 1_060_000 },
    ]);
    now.text = gone();
    await pass(30_000);
    expect(errors).toHaveLength(2);
  });

  test('says nothing of what was found', async () => {
    const { now, pass, errors } = await world('vault:x');
    now.text = new Error('token sesame denied');
    await pass(30_000);
    expect(errors).toHaveLength(1);
    expect(inspect(errors, { depth: 9, showHidden: true })).not.toContain('sesame');
  });

  test('a listener that throws is told, others hear of it, and the text is the new one', async () => {
    const { now, pass, key, errors, loaded } = await world();
    let heard = 0;
    key.onRotation(() => {
      throw new Error('sesame');
    });
    key.onRotation(() => (heard += 1));
    now.text = 'two';
    await pass(30_000);
    expect([key.reveal(), heard, loaded.secrets()[0]?.state]).toEqual(['two', 1, 'fresh']);
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ['CALLBACK_FAILED', 'key: 1 listener of its rotation failed'],
    ]);
  });

  test('whoever is told may throw', async () => {
    const clock = new ManualClock();
    let text = 'one';
    const { value } = await load(keyed, {
      overrides: { key: `file:${PATH}` },
      deps: {
        clock,
        readFile: async () => text,
        onError: () => {
          throw new Error('told');
        },
      },
    });
    for (const [next, held] of [
      ['', 'one'],
      ['two', 'two'],
    ] as const) {
      text = next;
      clock.advance(30_000);
      await clock.turn();
      await clock.turn();
      expect(value.key.reveal()).toBe(held);
    }
  });
});

test('a file that changes while it is read is not taken', async () => {
  let stamp = 0;
  const reader = new SecretReader({
    variables: {},
    files: {
      read: async () => 'half',
      stat: async () => ({ isFile: true, bytes: 4, mode: 0o400, stamp: String(stamp++) }),
    },
    vault: undefined,
    clock: new ManualClock(),
    timeoutMs: 10,
  });
  const reading = reader.read({ kind: 'file', path: PATH }, new AbortController().signal);
  await expect(reading).rejects.toThrow('secret file:/run/key was being written');
});
