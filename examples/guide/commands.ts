// What the person on duty types while no trading process runs.
import { appendFile } from 'node:fs/promises';
import { Night } from './support/night.ts';

const night = await Night.begin();
const { path } = night;
const { desk, audit, directory } = await night.start();
await desk.start();
await audit.record({ kind: 'service.started' });
const { seq, hash } = audit.head; // kept where nobody who can write the directory can write
await night.type('journal', 'verify', path); // it runs: the directory is its own
await directory.close();

await appendFile(`${path}/journal-00000001.jsonl`, '{"v":1,"se'); // a power cut in the middle of a write
await night.type('journal', 'verify', path);
await night.type('audit', 'verify', path, '--head', `${String(seq)}:${hash}`);
const who = ['--by', 'mira', '--reason', 'until the new limits are checked'];
await night.type('kill-switch', 'trip', path, '--scope', 'account:main', '--to', 'reducing', ...who);
await night.type('kill-switch', 'release', path, '--scope', 'account:main', '--confirm', 'main', ...who);
await night.type(
  'kill-switch',
  'release',
  path,
  '--scope',
  'account:main',
  '--confirm',
  'account:main',
  ...who,
);
await night.end();
