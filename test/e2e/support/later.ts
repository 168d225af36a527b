const YEARS_MS = 3 * 365 * 86_400_000;
const now = Date.now.bind(Date);
const monotonic = performance.now.bind(performance);

Date.now = () => now() + YEARS_MS;
performance.now = () => monotonic() + YEARS_MS;
