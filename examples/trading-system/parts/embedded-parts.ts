import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from 'portcullis/core';
import { EmbeddedEventBus } from 'portcullis/events';
import { SqliteTradingHistory } from 'portcullis/portfolio';
import { DataDirectory, MemoryStateSignals } from 'portcullis/storage';
import type { SystemConfig } from '../config.ts';
import { openDeskFiles } from '../trading/desk-storage.ts';
import { dataDirOf } from './data-dir.ts';
import { StoredEndpoints } from './endpoints.ts';
import { lazyHistory } from './lazy-history.ts';
import type { TradingParts } from './parts.ts';

/** Everything inside this process, in files of the data directory: no server, and the same contracts. */
export async function openEmbeddedParts(
  config: Pick<SystemConfig, 'dataDir'>,
  { clock }: { readonly clock: Clock },
): Promise<TradingParts> {
  const { path, remove } = await dataDirOf(config);
  await mkdir(path, { recursive: true });
  const directory = await DataDirectory.open(join(path, 'shared'), { clock });
  const state = await directory.openStore('state');
  const storage = { openLog: (name: string) => directory.openLog(`bus-${name}`), store: state };
  const bus = await EmbeddedEventBus.open({}, { clock, storage });
  const { history, close: closeHistory } = lazyHistory(() =>
    SqliteTradingHistory.open({ path: join(path, 'history.sqlite') }),
  );
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await bus.close();
    await closeHistory();
    await directory.close();
    await remove();
  };
  return {
    ...{ clock, bus, state, history, dataDir: path },
    signals: new MemoryStateSignals(),
    endpoints: new StoredEndpoints(state, clock),
    openDesk: (tenure) => openDeskFiles(path, clock, tenure),
    close: () => (closed ??= close()),
  };
}
