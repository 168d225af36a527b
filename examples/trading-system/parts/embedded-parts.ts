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
import { Opened } from './opened.ts';
import type { TradingParts } from './parts.ts';

/**
 * Everything inside this process, in files of the data directory: no server, and the same contracts.
 *
 * @throws what opening throws, with all closed again
 */
export async function openEmbeddedParts(
  config: Pick<SystemConfig, 'dataDir'>,
  { clock }: { readonly clock: Clock },
): Promise<TradingParts> {
  const opened = new Opened();
  try {
    const { path } = opened.add(await dataDirOf(config), ({ remove }) => remove());
    await mkdir(path, { recursive: true });
    const directory = opened.add(await DataDirectory.open(join(path, 'shared'), { clock }), (one) =>
      one.close(),
    );
    const { history } = opened.add(
      lazyHistory(() => SqliteTradingHistory.open({ path: join(path, 'history.sqlite') })),
      (one) => one.close(),
    );
    const state = await directory.openStore('state');
    const storage = { openLog: (name: string) => directory.openLog(`bus-${name}`), store: state };
    const bus = opened.add(await EmbeddedEventBus.open({}, { clock, storage }), (one) => one.close());
    return {
      ...{ clock, bus, state, history, dataDir: path },
      signals: new MemoryStateSignals(),
      endpoints: new StoredEndpoints(state, clock),
      openDesk: (tenure) => openDeskFiles(path, clock, tenure),
      close: () => opened.close(),
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
