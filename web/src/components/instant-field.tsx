/** An instant as a filter: picked in local time, kept in the address as UTC. */
import { TextInput } from "@mantine/core";
import { inputInstant, outputInstant } from "#web/components/render-time.ts";

export interface InstantFieldProps {
  readonly label: string;
  /** ISO 8601; absent: none. */
  readonly value: string | undefined;
  readonly onApply: (value: string | undefined) => void;
}

export const InstantField = ({ label, value, onApply }: InstantFieldProps): React.ReactElement => (
  <TextInput
    size="xs"
    w={190}
    type="datetime-local"
    label={label}
    value={value === undefined ? "" : inputInstant(value)}
    onChange={(event) => onApply(outputInstant(event.currentTarget.value))}
  />
);
