/** Filters that an account has named, kept in this browser. What a filter is stands in the address; here only its text is kept. */
import { ActionIcon, Button, Popover, TextInput } from "@mantine/core";
import { useState } from "react";
import { readLocal, writeLocal } from "#web/api/local.ts";
import { useAccess } from "#web/api/access.ts";
import { tableTexts } from "#web/i18n/texts/common.ts";
import { useText } from "#web/i18n/language.ts";
import classes from "#web/components/saved-filters.module.css";

type Filters = Readonly<Record<string, unknown>>;
interface Saved {
  readonly name: string;
  readonly filters: Filters;
}

const most = 30;

const readSaved = (key: string): readonly Saved[] => {
  try {
    const list: unknown = JSON.parse(readLocal(key) ?? "[]");
    return Array.isArray(list)
      ? (list as Saved[]).filter((one) => typeof one?.name === "string" && typeof one.filters === "object" && one.filters !== null)
      : [];
  } catch {
    return [];
  }
};

export interface SavedFiltersProps {
  /** Which list. */
  readonly page: string;
  /** What is set now, as the address has it. */
  readonly current: Filters;
  readonly onChoose: (filters: Filters) => void;
}

export const SavedFilters = ({ page, current, onChoose }: SavedFiltersProps): React.ReactElement => {
  const t = useText();
  const key = `behalf.filters.${useAccess()?.actor.accessId ?? ""}.${page}`;
  const [opened, setOpened] = useState(false);
  const [, redraw] = useState(0);
  const [name, setName] = useState("");
  const saved = readSaved(key);
  const store = (list: readonly Saved[]): void => {
    writeLocal(key, JSON.stringify(list.slice(0, most)));
    redraw((count) => count + 1);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="xs" onClick={() => setOpened(!opened)}>
          {t(tableTexts.savedFilters)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t(tableTexts.savedFilters)}>
        {saved.length === 0 ? <p className="soft">{t(tableTexts.noSavedFilters)}</p> : null}
        <ul className={classes.list}>
          {saved.map((one) => (
            <li key={one.name}>
              <Button
                variant="subtle"
                size="compact-sm"
                onClick={() => {
                  onChoose(one.filters);
                  setOpened(false);
                }}
              >
                {one.name}
              </Button>
              <ActionIcon
                size="sm"
                variant="subtle"
                color="gray"
                aria-label={t(tableTexts.deleteFilter, { name: one.name })}
                onClick={() => store(saved.filter((other) => other !== one))}
              >
                <span aria-hidden="true">✕</span>
              </ActionIcon>
            </li>
          ))}
        </ul>
        <form
          className={classes.form}
          onSubmit={(event) => {
            event.preventDefault();
            const called = name.trim().slice(0, 60);
            if (called === "") return;
            store([{ name: called, filters: current }, ...saved.filter((one) => one.name !== called)]);
            setName("");
          }}
        >
          <TextInput
            size="xs"
            label={t(tableTexts.filterName)}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={60}
          />
          <Button size="xs" type="submit" variant="light" disabled={name.trim() === ""}>
            {t(tableTexts.saveFilter)}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
};
