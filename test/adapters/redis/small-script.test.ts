import { describe, expect, test } from 'vitest';
import { SmallScript } from '../../../src/adapters/redis/small-script.ts';

/** A server that knows no script, and runs those that it can. */
function server(runs: (source: string) => unknown) {
  const sent: string[] = [];
  const command = <T>([name, source = '']: readonly string[]): Promise<T> => {
    if (name === 'EVALSHA') return Promise.reject(new Error('NOSCRIPT No matching script. Please use EVAL.'));
    sent.push(source);
    return Promise.resolve().then(() => runs(source) as T);
  };
  return { link: { command }, sent };
}

const tooOld = (source: string): unknown => {
  if (source.startsWith('#!'))
    throw new Error("ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'");
  return 'done';
};

describe('SmallScript', () => {
  test('may run on a server without memory', async () => {
    const { link, sent } = server(() => 'done');
    expect(await new SmallScript('return 1').run(link, ['k'], [])).toBe('done');
    expect(sent).toEqual(['#!lua flags=allow-oom\nreturn 1']);
  });

  test('runs as any other on a server before Redis 7.0, which is asked once', async () => {
    const { link, sent } = server(tooOld);
    expect(await new SmallScript('return 1').run(link, [], [])).toBe('done');
    expect(await new SmallScript('return 2').run(link, [], [])).toBe('done');
    expect(sent).toEqual(['#!lua flags=allow-oom\nreturn 1', 'return 1', 'return 2']);
  });

  test('that one server is too old says nothing of another', async () => {
    const script = new SmallScript('return 1');
    await script.run(server(tooOld).link, [], []);
    const { link, sent } = server(() => 'done');
    await script.run(link, [], []);
    expect(sent).toEqual(['#!lua flags=allow-oom\nreturn 1']);
  });

  test('what is wrong with the script itself is told', async () => {
    const refuse = (): never => {
      throw new Error('WRONGTYPE Operation against a key holding the wrong kind of value');
    };
    const { link, sent } = server(refuse);
    await expect(new SmallScript('return 1').run(link, [], [])).rejects.toThrow('WRONGTYPE');
    expect(sent).toHaveLength(1);
  });
});
