// A change of a flag has an author, and is in the audit log before it counts.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditLog, ManualClock, person } from 'portcullis';
import { MemoryAppendLog } from 'portcullis/storage';
import { testService } from 'portcullis/testing';

const directory = await mkdtemp(join(tmpdir(), 'portcullis-guide-'));
const path = join(directory, 'flags.json');
await writeFile(path, '{ "flags": { "new-router": { "type": "boolean", "default": true } } }');

const clock = new ManualClock(Date.UTC(2026, 0, 5, 12));
const audit = await AuditLog.open(new MemoryAppendLog(), { clock }); // yours is on disk
audit.onRecord(({ kind, by, details: { reason, changes } }) => {
  console.log(`  audit: ${kind}, ${String(by?.kind)} ${String(by?.id)}`, JSON.stringify({ reason, changes }));
});

const { service, stop } = await testService({ name: 'router', flagsFile: path }, { audit, clock });
const isOn = () => service.flags.getBooleanValue('new-router', false);
console.log('before:', await isOn());
await service.flagControl.set('new-router', false, person('mira'), 'rejects on the toy venue');
console.log('after:', await isOn());
console.log('in the file:', (await readFile(path, 'utf8')).includes('"pinned": false'));

for (const [by, reason] of [
  ['', 'why not'],
  ['mira', ' '],
] as const)
  await service.flagControl.set('new-router', true, person(by), reason).catch((error: unknown) => {
    console.log((error as { code: string }).code);
  });
await service.flagControl.set('new-ruoter', true, person('mira'), 'back again').catch((error: unknown) => {
  console.log((error as Error).message);
});
await stop();
await rm(directory, { recursive: true });
