/** When the parts of a dialog are made: with its first opening, since closed ones would cost their page as much as what it shows. */
import { useEffect, useState } from "react";

export interface DialogState {
  /** It has been opened before, or is to be now. */
  readonly isMade: boolean;
  readonly opened: boolean;
}

export const useDialog = (wanted: boolean): DialogState => {
  const [isMade, setMade] = useState(wanted);
  const [opened, setOpened] = useState(false);
  if (wanted && !isMade) setMade(true);
  // Made closed and opened then: the library remembers where the focus was, to give it back, when a dialog that is there opens.
  useEffect(() => setOpened(wanted), [wanted]);
  return { isMade, opened: wanted && opened };
};
