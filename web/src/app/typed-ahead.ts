/**
 * What is typed between the palette's key and the palette, whose code may still be on its way the first time: it is meant for the palette, and
 * neither for the field that had the focus nor for the shortcuts of the page.
 */
let typed: string | null = null;
let untilMs = 0;
/** Where it does not come at all (the manager is away), the keys are the page's again. */
const patienceMs = 3000;

const onKey = (event: KeyboardEvent): void => {
  if (performance.now() > untilMs) {
    takeTypedAhead();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key.length === 1) typed = (typed ?? "") + event.key;
  else if (event.key === "Backspace") typed = (typed ?? "").slice(0, -1);
  else return;
  event.preventDefault();
  event.stopPropagation();
};

export const beginTypedAhead = (): void => {
  if (typed !== null) return;
  typed = "";
  untilMs = performance.now() + patienceMs;
  addEventListener("keydown", onKey, true);
};

/** What was typed until now; from here on the keys go where the focus is. */
export const takeTypedAhead = (): string => {
  const taken = typed ?? "";
  typed = null;
  removeEventListener("keydown", onKey, true);
  return taken;
};
