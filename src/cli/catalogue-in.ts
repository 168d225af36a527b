import { PortcullisError } from '../core/errors.ts';
import { TRADING_EVENTS, type EventCatalogue } from '../events/index.ts';
import { imported } from './imported.ts';

/**
 * The catalogue that a module exports, by default or as the only one it has; without a module, that of this package.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE`, `INPUT_INVALID` when there is none, or more than one
 */
export async function catalogueIn(module: string | undefined): Promise<EventCatalogue> {
  if (module === undefined) return TRADING_EVENTS;
  const exports = await imported(module);
  if (isCatalogue(exports['default'])) return exports['default'];
  const [only, ...more] = Object.values(exports).filter(isCatalogue);
  if (only !== undefined && more.length === 0) return only;
  throw new PortcullisError(
    'INPUT_INVALID',
    `events: ${module}: expected one export that is an EventCatalogue, got ${only === undefined ? 'none' : 1 + more.length}`,
  );
}

/** By its form, since the module may bring a copy of this package of its own. */
function isCatalogue(value: unknown): value is EventCatalogue {
  if (typeof value !== 'object' || value === null) return false;
  const own = value as Partial<EventCatalogue>;
  return Array.isArray(own.types) && Array.isArray(own.topics) && typeof own.read === 'function';
}
