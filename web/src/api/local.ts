/**
 * Storage of the browser, which may be switched off or full: then nothing is remembered, and nothing breaks. SECURITY: choices and filters
 * only; no token, no secret, nothing of a record ever stands here (W3). What is unsaved in this tab, so that it survives a reload, stands in
 * the tab's own storage and goes with signing out.
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

export const readTab = (key: string): string | null => {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
};

/** Null removes it. */
export const writeTab = (key: string, value: string | null): void => {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // Does not survive a reload.
  }
};

export const forgetTab = (): void => {
  try {
    sessionStorage.clear();
  } catch {
    // There was nothing.
  }
};
