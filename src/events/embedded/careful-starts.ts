import { CarefulStart, SUSPECTS, TryTurns } from './careful-start.ts';
import { GroupCursor } from './group-cursor.ts';
import type { SavedPlace } from './group-place.ts';

/**
 * How each place of a bus has to be careful. Where one try was running when the process ended, that one has ended it; of
 * several nobody knows, so none is charged, and from then on they run one after another.
 *
 * @param isUnclean whether the process before has ended without closing the bus
 */
export function carefulStarts(
  places: readonly SavedPlace[],
  isUnclean: boolean,
): (place: SavedPlace, last: number) => CarefulStart | undefined {
  const running = places.filter((place) => runningIn(place) !== undefined);
  const isKnown = running.length > 0 || places.some(({ tries }) => (tries?.attempts.length ?? 0) > 0);
  const turns = new TryTurns(isKnown);
  return (place, last) => {
    const { top } = new GroupCursor(place);
    const until = Math.min(last, Math.max(place.tries?.until ?? 0, isUnclean ? top + SUSPECTS : 0));
    if (until <= place.floor) return undefined;
    const attempts = new Map(place.tries?.attempts);
    const own = runningIn(place);
    if (own !== undefined && running.length === 1) attempts.set(own, (attempts.get(own) ?? 0) + 1);
    return new CarefulStart({ until, fence: isUnclean ? last : 0, attempts: [...attempts] }, turns);
  };
}

/** The event whose attempt had begun, and is not known to have ended. */
function runningIn(place: SavedPlace): number | undefined {
  const running = place.tries?.running;
  return running !== undefined && !new GroupCursor(place).has(running) ? running : undefined;
}
