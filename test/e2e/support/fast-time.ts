const FASTER = 5;
const startMs = Date.now();
const startMonotonicMs = performance.now();
const now = Date.now.bind(Date);
const monotonic = performance.now.bind(performance);
const later = setTimeout;
const every = setInterval;

Date.now = () => startMs + (now() - startMs) * FASTER;
performance.now = () => startMonotonicMs + (monotonic() - startMonotonicMs) * FASTER;

// Deadlines stay as they are: the machine is no faster.
const quick = (timer: typeof later | typeof every) => (fn: () => void, ms: number) =>
  timer(fn, ms < 5_000 ? ms / FASTER : ms);
Object.assign(globalThis, { setTimeout: quick(later), setInterval: quick(every) });
