/** When the parts of a dialog are made: with each opening, since closed ones would cost their page as much as what it shows. */
import { useEffect, useState } from "react";

export interface DialogState {
  /** How often it has been opened, as the key of its parts; 0: never yet, so there are none. */
  readonly turn: number;
  readonly opened: boolean;
}

/**
 * Its parts are made closed and opened then, each time anew: only so the library knows what had the focus before, to give it back. Those that are
 * there already have taken it by the time it looks.
 */
export const useDialog = (wanted: boolean): DialogState => {
  const [{ turn, before }, setTurn] = useState({ turn: wanted ? 1 : 0, before: wanted });
  const [opened, setOpened] = useState(false);
  if (wanted !== before) setTurn({ turn: wanted ? turn + 1 : turn, before: wanted });
  useEffect(() => setOpened(wanted), [wanted]);
  return { turn, opened: wanted && opened };
};
