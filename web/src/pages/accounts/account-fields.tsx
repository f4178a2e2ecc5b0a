/** What an account is made of, as fields: the same to make one and to change one. What does not belong here: sending it. */
import { TextInput } from "@mantine/core";
import { RolesField } from "#web/components/role-fields.tsx";
import { accountsTexts } from "#web/i18n/texts/accounts.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";

export interface AccountFieldValues {
  readonly name: string;
  readonly roles: readonly string[];
  /** Separated by commas. */
  readonly groups: string;
}

/** The same as the API takes it. */
export const accountBody = ({ name, roles, groups }: AccountFieldValues): { name: string; roles: string[]; groups: string[] } => ({
  name: name.trim(),
  roles: [...roles],
  groups: groups
    .split(",")
    .map((group) => group.trim())
    .filter((group) => group !== ""),
});

export const AccountFields = ({
  values,
  onChange,
}: {
  readonly values: AccountFieldValues;
  readonly onChange: (values: AccountFieldValues) => void;
}): React.ReactElement => {
  const t = useText();
  return (
    <>
      <TextInput
        mt="sm"
        label={t(accountsTexts.name)}
        value={values.name}
        maxLength={200}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => onChange({ ...values, name: event.currentTarget.value })}
        data-autofocus
      />
      <RolesField value={values.roles} onChange={(roles) => onChange({ ...values, roles })} />
      <TextInput
        mt="sm"
        label={t(wordTexts.groups)}
        description={t(accountsTexts.groupsText)}
        value={values.groups}
        maxLength={2000}
        onChange={(event) => onChange({ ...values, groups: event.currentTarget.value })}
      />
    </>
  );
};
