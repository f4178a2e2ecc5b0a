/** All logins that failed. */
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { Page } from "#web/components/page.tsx";
import { SearchField } from "#web/components/search-field.tsx";
import { failedTexts } from "#web/i18n/texts/accounts.ts";
import { useText } from "#web/i18n/language.ts";
import { FailedLogins } from "#web/pages/accounts/failed-logins.tsx";
import { AccountsTabs } from "#web/pages/accounts/tabs.tsx";

const pageRoute = getRouteApi("/failed-logins");

const FailedLoginsPage = (): React.ReactElement => {
  const t = useText();
  const { account } = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const [name, setName] = useState(account ?? "");
  return (
    <Page
      title={t(failedTexts.title)}
      about={t(failedTexts.about)}
      fill
      parts={<AccountsTabs />}
      toolbar={
        <>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void navigate({ search: name.trim() === "" ? {} : { account: name.trim() } });
            }}
          >
            <SearchField label={t(failedTexts.filter)} value={name} onChange={setName} maxLength={1024} />
          </form>
        </>
      }
    >
      <FailedLogins
        account={account}
        linked
        onClear={() => {
          setName("");
          void navigate({ search: {} });
        }}
      />
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/failed-logins")({ component: FailedLoginsPage });
