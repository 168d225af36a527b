const FASTER = 5;
const startMs = Date.now();
const startMonotonicMs = performance.now();
const now = Date.now.bind(Date);
const monotonic = performance.now.bind(performance);
const later = setTimeout;
const every = setInterval;

Date.now = () => startMs + (now() - startMs) * FASTER;
performance.now = () => startMonotonicMs + (monotonic() - startMonotonicMs) * FASTER;

const quick = (timer: typeof later | typeof every) => (fn: () => void, ms: number) => timer(fn, ms / FASTER);
Object.assign(globalThis, { setTimeout: quick(later), setInterval: quick(every) });
