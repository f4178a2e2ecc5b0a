/** How this instance is set, where each setting came from, its realm and keys by id; and what this browser remembers. */
import { SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import type { Operations } from "#web/api/generated.ts";
import { statusQuery } from "#web/api/status.ts";
import { FilterField } from "#web/components/filter-field.tsx";
import { Facts, Page, Section } from "#web/components/page.tsx";
import { PlainTable } from "#web/components/plain-table.tsx";
import { EmptyState, Loaded } from "#web/components/states.tsx";
import { Ago, Instant } from "#web/components/time.tsx";
import { Sentence, useSaid } from "#web/components/engine-text.tsx";
import { chooseLanguage, useLanguageChoice, useText } from "#web/i18n/language.ts";
import { commonTexts, tableTexts } from "#web/i18n/texts/common.ts";
import { settingsTexts } from "#web/i18n/texts/settings.ts";
import { languageTexts, shellTexts, navigationTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { realmQuery, settingsQuery } from "#web/pages/settings/queries.ts";

type Setting = Operations["GET /api/v1/settings"]["answer"]["items"][number];

const Browser = (): React.ReactElement => {
  const t = useText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const language = useLanguageChoice();
  return (
    <Section title={t(settingsTexts.cockpit)}>
      <Facts
        facts={[
          [
            t(wordTexts.theme),
            <SegmentedControl
              key="theme"
              size="xs"
              aria-label={t(wordTexts.theme)}
              value={colorScheme}
              onChange={setColorScheme}
              data={[
                { value: "light", label: t(shellTexts.themeLight) },
                { value: "dark", label: t(shellTexts.themeDark) },
                { value: "auto", label: t(shellTexts.themeSystem) },
              ]}
            />,
          ],
          [
            t(wordTexts.language),
            <SegmentedControl
              key="language"
              size="xs"
              aria-label={t(wordTexts.language)}
              value={language}
              onChange={chooseLanguage}
              data={[
                { value: "en", label: t(languageTexts.en) },
                { value: "de", label: t(languageTexts.de) },
                { value: "system", label: t(languageTexts.system) },
              ]}
            />,
          ],
        ]}
      />
    </Section>
  );
};

const sources = {
  flag: settingsTexts.sourceFlag,
  environment: settingsTexts.sourceEnvironment,
  file: settingsTexts.sourceFile,
  default: settingsTexts.sourceDefault,
} as const;

const Value = ({ setting }: { readonly setting: Setting }): React.ReactElement => {
  const t = useText();
  const { value } = setting;
  if (value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0))
    return <span className="soft">{t(settingsTexts.notSet)}</span>;
  if (setting.flag === null && value === "hidden") return <span className="soft">{t(settingsTexts.hidden)}</span>;
  return <code>{Array.isArray(value) ? value.join(", ") : String(value)}</code>;
};

const pageRoute = getRouteApi("/settings");

const Instance = (): React.ReactElement => {
  const t = useText();
  const said = useSaid();
  const { q = "" } = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const query = useQuery(settingsQuery);
  const wanted = q.toLowerCase();
  return (
    <Section
      title={t(settingsTexts.instance)}
      aside={
        <FilterField
          first
          label={t(settingsTexts.search)}
          value={q}
          onApply={(text) => void navigate({ search: text === "" ? {} : { q: text }, replace: true })}
        />
      }
    >
      <p className="soft">{t(settingsTexts.about)}</p>
      <Loaded query={query}>
        {({ items }) => {
          const shown = items.filter(
            ({ name, description }) => name.includes(wanted) || said(description).text.toLowerCase().includes(wanted),
          );
          if (shown.length === 0) return <EmptyState title={t(tableTexts.noMatch)} />;
          return (
            <PlainTable
              label={t(settingsTexts.instance)}
              headers={[t(settingsTexts.name), t(settingsTexts.value), t(settingsTexts.source), t(settingsTexts.meaning)]}
            >
              {shown.map((setting) => (
                <tr key={setting.name}>
                  <th scope="row">
                    <code>{setting.flag ?? setting.variable}</code>
                  </th>
                  <td>
                    <Value setting={setting} />
                  </td>
                  <td data-set={setting.source !== "default"}>{t(sources[setting.source])}</td>
                  <td className="soft">
                    <Sentence text={setting.description} />
                  </td>
                </tr>
              ))}
            </PlainTable>
          );
        }}
      </Loaded>
    </Section>
  );
};

const purposes = {
  delegation: settingsTexts.keyDelegation,
  root: settingsTexts.keyRoot,
  audit: settingsTexts.keyAudit,
  ca: settingsTexts.keyCa,
} as const;

const Realm = (): React.ReactElement => {
  const t = useText();
  const query = useQuery(realmQuery);
  return (
    <Section title={t(settingsTexts.realm)}>
      <Loaded query={query}>
        {(realm) => (
          <Facts
            facts={[
              [t(wordTexts.realm), realm.name],
              [t(wordTexts.id), <code key="id">{realm.id}</code>],
              [t(settingsTexts.epoch), realm.epoch],
              [t(settingsTexts.serial), realm.rotationSerial === 0 ? t(commonTexts.never) : realm.rotationSerial],
              [t(settingsTexts.behind), realm.nodesBehind.length === 0 ? t(commonTexts.none) : realm.nodesBehind.join(", ")],
              ...realm.keys.map(
                (key) =>
                  [
                    t(purposes[key.purpose]),
                    <span key={key.id}>
                      <code>{key.id}</code>{" "}
                      <span className="soft">
                        {t(settingsTexts.madeAt)} <Instant at={key.madeAt} />
                      </span>
                    </span>,
                  ] as const,
              ),
            ]}
          />
        )}
      </Loaded>
    </Section>
  );
};

const Status = (): React.ReactElement => {
  const t = useText();
  const query = useQuery(statusQuery);
  return (
    <Section title={t(settingsTexts.status)}>
      <Loaded query={query}>
        {(status) => (
          <Facts
            facts={[
              [t(wordTexts.version), status.version],
              [t(wordTexts.started), <Ago key="started" at={status.startedAt} />],
              [t(settingsTexts.store), <code key="store">{status.store}</code>],
              [t(wordTexts.separation), <code key="separation">{status.separation}</code>],
              [t(settingsTexts.streams), status.streams],
            ]}
          />
        )}
      </Loaded>
    </Section>
  );
};

const SettingsPage = (): React.ReactElement => {
  const t = useText();
  return (
    <Page title={t(navigationTexts.settings)}>
      <Browser />
      <Status />
      <Instance />
      <Realm />
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/settings")({ component: SettingsPage });
