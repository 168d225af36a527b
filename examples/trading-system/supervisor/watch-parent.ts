/**
 * Loaded before the program of a child (`--import`): ends it in order when its supervisor is gone, also by `kill -9`. A child
 * that no supervisor has started has no channel, and goes on.
 */

/** There is nobody left to end a program that takes longer. */
const END_WITHIN_MS = 20_000;

function end(): void {
  process.kill(process.pid, 'SIGTERM'); // as an operator would
  setTimeout(() => process.exit(1), END_WITHIN_MS).unref();
}

process.once('disconnect', end);
process.channel?.unref(); // a listener alone does not keep a program running that is done
