/** The text that a list is narrowed by, applied as it is typed; `/` leads to it. What is applied when one stops typing: `filter-field.tsx`. */
import { TextInput } from "@mantine/core";

export interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly maxLength?: number;
}

export const SearchField = ({ label, value, onChange, maxLength = 200 }: SearchFieldProps): React.ReactElement => (
  <TextInput
    size="xs"
    type="search"
    aria-label={label}
    placeholder={label}
    data-page-filter
    value={value}
    maxLength={maxLength}
    onChange={(event) => onChange(event.currentTarget.value)}
  />
);
