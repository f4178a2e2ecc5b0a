/** A text filter that is applied when one stops typing, presses Enter or leaves it: the address changes with it. `/` leads to the first of a page. */
import { TextInput } from "@mantine/core";
import { useEffect, useEffectEvent, useState } from "react";

export interface FilterFieldProps {
  readonly label: string;
  /** As the address has it. */
  readonly value: string;
  readonly onApply: (value: string) => void;
  readonly hint?: string;
  readonly first?: boolean;
  readonly width?: number;
}

const settleMs = 350;

export const FilterField = ({ label, value, onApply, hint, first = false, width = 190 }: FilterFieldProps): React.ReactElement => {
  const [typed, setTyped] = useState(value);
  const [before, setBefore] = useState(value);
  // The address changed from elsewhere: a saved filter, the back button.
  if (before !== value) {
    setBefore(value);
    setTyped(value);
  }
  const apply = useEffectEvent((text: string) => {
    if (text.trim() !== value) onApply(text.trim());
  });
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => apply(typed), settleMs);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <TextInput
      size="xs"
      w={width}
      label={label}
      {...(hint === undefined ? {} : { placeholder: hint })}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => {
        if (typed.trim() !== value) onApply(typed.trim());
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && typed.trim() !== value) onApply(typed.trim());
      }}
      autoComplete="off"
      spellCheck={false}
      {...(first ? { "data-page-filter": true } : {})}
    />
  );
};
