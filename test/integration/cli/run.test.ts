import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../storage/support/temporary.ts';
import { dataDirectory, portcullis, using } from '../../cli/support/data.ts';

describe('portcullis', () => {
  test.each([[[]], [['--help']], [['help']]])('%j says what there is', async (args) => {
    const { code, out, err } = await portcullis(...args);
    expect([code, err]).toEqual([0, []]);
    expect(out.filter((line) => /^ {2}\S/.test(line)).map((line) => line.split(' DIRECTORY')[0])).toEqual([
      '  journal verify',
      '  journal show',
      '  journal repair',
      '  audit verify',
      '  audit head',
      '  replay SEQ|--all --data-dir',
      '  kill-switch show',
      '  kill-switch trip',
      '  kill-switch release',
      '  limits show',
      '  limits diff',
      '  config explain MODULE [--export NAME] [--name SERVICE] [--profile PROFILE] [--file FILE] [--env-file FILE] [--json]',
      '  data copy --from PLACE --to PLACE [--schema NAME] [--dry-run] [--json]',
      ...[
        'tail SOURCE [--types TYPE[,TYPE]] [--topic TOPIC] [--limit N]',
        'replay SOURCE [--from beginning|POSITION] [--since TIME] [--types TYPE[,TYPE]] [--topic TOPIC] [--limit N]',
        'dead list SOURCE [--group GROUP] [--topic TOPIC] [--limit N] [--after LETTER]',
        ...['requeue', 'discard'].map(
          (verb) =>
            `dead ${verb} SOURCE --letters ID[,ID]|--group GROUP [--topic TOPIC] --by NAME --reason TEXT [--audit NAME]`,
        ),
      ].map(
        (synopsis) =>
          `  events ${synopsis} [--format json|text] [--catalogue MODULE] [--bus NAME] [--logs PREFIX] [--store NAME] [--prefix PREFIX] [--partitions N]`,
      ),
    ]);
  });

  test('COMMAND --help says how that command is written', async () => {
    expect(await portcullis('audit', 'verify', '--help')).toEqual({
      code: 0,
      out: [
        'usage: portcullis audit verify DIRECTORY [--log NAME] [--public-key FILE[,FILE]] [--head SEQ:HASH|FILE]',
        '',
        'checks the hash chain of the audit log, and by whose signature it may be believed',
      ],
      err: [],
    });
  });

  test('--version says the version', async () => {
    expect(await portcullis('--version')).toEqual({ code: 0, out: ['1.2.3'], err: [] });
  });

  test.each([
    [['journal'], 'no command journal; see portcullis --help'],
    [['events'], 'no command events; see portcullis --help'],
    [['events', 'dead', 'mend'], 'no command events dead; see portcullis --help'],
    [['events', 'tail'], 'INPUT_INVALID: events tail: source: expected a value, got nothing'],
    [['events', 'tail', 'A', 'B'], 'INPUT_INVALID: events tail: expected one source, got 2'],
    [
      ['events', 'replay', 'DIR', '--from', '7'],
      'INPUT_INVALID: events replay: from: a position is one of a topic: add --topic',
    ],
    [
      ['events', 'replay', 'DIR', '--from', '7', '--since', '2026-01-02T12:00:00Z'],
      'INPUT_INVALID: events replay: since: expected from or since, not both',
    ],
    [
      ['events', 'replay', 'DIR', '--since', 'noon'],
      'INPUT_INVALID: events replay: since: expected a time such as 2026-01-02T12:00:00Z, got "noon"',
    ],
    [
      ['events', 'dead', 'requeue', 'DIR', '--by', 'ada', '--reason', 'x'],
      'INPUT_INVALID: events dead requeue: expected --letters or --group',
    ],
    [
      ['events', 'dead', 'discard', 'DIR', '--group', 'g'],
      'INPUT_INVALID: events dead discard: by: expected a value, got nothing; reason: expected a value, got nothing',
    ],
    [
      ['events', 'dead', 'list', 'DIR', '--limit', '1001'],
      'INPUT_INVALID: events dead list: limit: expected 1000 or less, got "1001"',
    ],
    [['journal', 'mend', 'DIR'], 'no command journal mend; see portcullis --help'],
    [
      ['journal', 'verify', 'DIR', '--lgo', 'x'],
      "INPUT_INVALID: journal verify: Unknown option '--lgo', expected one of --log",
    ],
    [['journal', 'verify'], 'INPUT_INVALID: journal verify: expected one directory, got none'],
    [['journal', 'verify', ''], 'INPUT_INVALID: journal verify: expected one directory, got '],
    [['journal', 'verify', 'A', 'B'], 'INPUT_INVALID: journal verify: expected one directory, got A B'],
    [
      ['journal', 'show', 'DIR', '--from', '0'],
      'INPUT_INVALID: journal show: from: expected 1 or more, got "0"',
    ],
    [
      ['journal', 'show', 'DIR', '--limit', 'all'],
      'INPUT_INVALID: journal show: limit: expected a whole number, got "all"',
    ],
    [
      ['journal', 'repair', 'DIR', '--by', ' '],
      'INPUT_INVALID: journal repair: by: expected a value, got " "; reason: expected a value, got nothing',
    ],
    [
      ['kill-switch', 'trip', 'DIR', '--scope', 'acount:x', '--to', 'off', '--by', 'ada', '--reason', 'r'],
      'INPUT_INVALID: kill-switch trip: scope: expected firm, or venue:, account:, strategy: or instrument: and an id, got "acount:x"; to: expected reducing or halted, got "off"',
    ],
    [
      ['audit', 'verify', 'DIR', '--head', '3:abc'],
      'INPUT_INVALID: audit verify: head: expected SEQ:HASH with 64 hex digits, got "3:abc"',
    ],
  ])('%j is refused with the reason, exit code 2', async (args, message) => {
    expect(await portcullis(...args)).toEqual({ code: 2, out: [], err: [`portcullis: ${message}`] });
  });
});

describe('portcullis, the directory', () => {
  test('that is not there is not made', async () => {
    const parent = await temporaryDirectory();
    const { code, out, err } = await portcullis('journal', 'verify', join(parent, 'data'));
    expect([code, out]).toEqual([2, []]);
    expect(err[0]).toContain(
      `FILE_UNREADABLE: ${parent}/data: expected the data directory of a trading process`,
    );
    expect(await readdir(parent)).toEqual([]);
  });

  test('that is none of a trading process is left alone', async () => {
    const path = join(await temporaryDirectory(), 'home');
    await mkdir(path);
    expect(await portcullis('kill-switch', 'show', path)).toMatchObject({ code: 2, out: [] });
    expect(await readdir(path)).toEqual([]);
  });

  test('that a process works on is refused, with its pid', async () => {
    const path = await dataDirectory();
    const { code, err } = await using(path, () => portcullis('journal', 'verify', path));
    expect(code).toBe(2);
    expect(err[0]).toMatch(
      new RegExp(
        `^portcullis: DATA_DIR_LOCKED: data directory ${path} belongs to process ${process.pid} since`,
      ),
    );
  });

  test('is given back after a command that failed', async () => {
    const path = await dataDirectory();
    await portcullis('journal', 'verify', path, '--log', 'nosuch');
    expect(await portcullis('journal', 'verify', path)).toMatchObject({ code: 0 });
  });
});
