/**
 * Local storage, which may be switched off or full: then nothing is remembered, and nothing breaks. SECURITY: choices and filters only;
 * no token, no secret, nothing of a record ever stands here (W3).
 */
export const readLocal = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

/** Null removes it. */
export const writeLocal = (key: string, value: string | null): void => {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Not remembered.
  }
};
