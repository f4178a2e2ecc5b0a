/** Roles to choose: one, whose holders a list shows, or several, which an account is to hold. */
import { MultiSelect, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { allRolesQuery } from "#web/components/all-roles.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { useText } from "#web/i18n/language.ts";

const useRoleNames = (): string[] => useQuery(allRolesQuery).data?.map(({ name }) => name) ?? [];

export const HoldersOfRole = ({
  value,
  onChange,
}: {
  readonly value: string | undefined;
  /** Undefined: of any. */
  readonly onChange: (role: string | undefined) => void;
}): React.ReactElement => {
  const t = useText();
  return (
    <Select
      size="xs"
      clearable
      searchable
      aria-label={t(wordTexts.holdersOfRole)}
      placeholder={t(wordTexts.holdersOfRole)}
      clearButtonProps={{ "aria-label": t(commonTexts.showAll) }}
      data={useRoleNames()}
      value={value ?? null}
      onChange={(role) => onChange(role ?? undefined)}
    />
  );
};

export const RolesField = ({
  value,
  onChange,
}: {
  readonly value: readonly string[];
  readonly onChange: (roles: readonly string[]) => void;
}): React.ReactElement => {
  const t = useText();
  return (
    <MultiSelect
      mt="sm"
      searchable
      label={t(wordTexts.roles)}
      data={useRoleNames()}
      value={[...value]}
      onChange={onChange}
      comboboxProps={{ withinPortal: true }}
    />
  );
};
