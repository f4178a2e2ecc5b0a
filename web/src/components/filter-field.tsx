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
  readonly maxLength?: number;
  /** The label stands in the field as long as that is empty, and not above it. */
  readonly inside?: boolean;
}

const settleMs = 350;

export const FilterField = ({
  label,
  value,
  onApply,
  hint,
  first = false,
  width = 190,
  maxLength,
  inside = false,
}: FilterFieldProps): React.ReactElement => {
  const [typed, setTyped] = useState(value);
  const [before, setBefore] = useState(value);
  /** What this field has asked for and the address does not say yet. */
  const [asked, setAsked] = useState<string | null>(null);
  if (before !== value) {
    setBefore(value);
    setAsked(null);
    // The address changed from elsewhere: a saved filter, the back button. What follows from this field leaves alone what was typed since.
    if (value !== asked) setTyped(value);
  }
  const applyNow = (text: string): void => {
    const wanted = text.trim();
    if (wanted === value) return;
    setAsked(wanted);
    onApply(wanted);
  };
  const apply = useEffectEvent(applyNow);
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => apply(typed), settleMs);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <TextInput
      size="xs"
      w={width}
      {...(inside ? { "aria-label": label, placeholder: label } : { label })}
      {...(hint === undefined ? {} : { placeholder: hint })}
      {...(maxLength === undefined ? {} : { maxLength })}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => applyNow(typed)}
      onKeyDown={(event) => {
        if (event.key === "Enter") applyNow(typed);
      }}
      autoComplete="off"
      spellCheck={false}
      {...(first ? { "data-page-filter": true } : {})}
    />
  );
};
