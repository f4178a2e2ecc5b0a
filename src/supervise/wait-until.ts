/** Asks again until the answer is not null, or the time is up (null). For starts that are watched from outside. */
export const waitUntil = async <T>(ask: () => Promise<T | null> | T | null, timeoutMs: number, everyMs = 15): Promise<T | null> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() >= deadline) return null;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
};
