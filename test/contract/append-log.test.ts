import { describe, test } from 'vitest';
import { type AppendLog, FileAppendLog, MemoryAppendLog } from '../../src/storage/index.ts';
import { type AppendLogUnderTest, appendLogContract, ScriptedAppendLog } from '../../src/testing/index.ts';
import { ScriptedFs, systemError } from '../storage/support/scripted-fs.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';

function run(name: string, open: () => Promise<AppendLogUnderTest>): void {
  describe(`AppendLog contract: ${name}`, () => {
    for (const contract of appendLogContract) test(contract.name, () => contract.run(open));
  });
}

async function entriesOf(log: AppendLog) {
  const entries = [];
  for await (const entry of log.read()) entries.push(entry);
  return entries;
}

run('MemoryAppendLog', async () => {
  const log = new MemoryAppendLog();
  return {
    log,
    settle: () => undefined,
    async reopen() {
      await log.close();
      return new MemoryAppendLog(await entriesOf(log));
    },
    dispose: () => log.close(),
  };
});

run('ScriptedAppendLog', async () => {
  let log = new ScriptedAppendLog();
  let isBroken = false;
  return {
    log,
    settle: () => (isBroken ? log.fail() : void log.commit()),
    breakMedium: () => (isBroken = true),
    async reopen() {
      isBroken = false;
      await log.close();
      log = new ScriptedAppendLog(log.durable);
      return log;
    },
    async dispose() {
      log.fail();
      await log.close();
    },
  };
});

const fileLog =
  (breakWrites: (fs: ScriptedFs) => void, segmentBytes = 100): (() => Promise<AppendLogUnderTest>) =>
  async () => {
    const fs = new ScriptedFs();
    const directory = await temporaryDirectory();
    const open = () => FileAppendLog.open({ directory, name: 'journal', segmentBytes }, { fs });
    let log = await open();
    return {
      log,
      settle: () => undefined,
      breakMedium: () => breakWrites(fs),
      async reopen() {
        await log.close();
        fs.disturb = () => undefined;
        log = await open();
        return log;
      },
      dispose: () => log.close(),
    };
  };

run(
  'FileAppendLog, full disk',
  fileLog((fs) => {
    fs.disturb = ({ what }) => {
      if (what === 'write') throw systemError('ENOSPC');
      return undefined;
    };
  }),
);

run(
  'FileAppendLog, syncs fail and nothing can be cut back',
  fileLog((fs) => {
    fs.disturb = ({ what }) => {
      if (what !== 'write') throw systemError('EIO');
      return undefined;
    };
  }, 10_000),
);

run(
  'FileAppendLog, no new segment can be made',
  fileLog((fs) => {
    fs.disturb = ({ what }) => {
      if (what === 'open') throw systemError('EMFILE');
      return undefined;
    };
  }, 1),
);
