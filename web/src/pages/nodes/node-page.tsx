/** One node: what it is, as whom it runs jobs, its keys by name, its latest runs. What it allows is its own matter and is told as such. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { ActionButton, allowedBy } from "#web/components/action-button.tsx";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { Copyable } from "#web/components/copyable.tsx";
import { nodeState } from "#web/components/node-state.ts";
import { notify } from "#web/components/notify.ts";
import { NodeAdmits } from "#web/components/node-admits.tsx";
import { Sentence } from "#web/components/engine-text.tsx";
import { Facts, Page, Section } from "#web/components/page.tsx";
import { RunLink } from "#web/components/run-link.tsx";
import { StateMark } from "#web/components/state-mark.tsx";
import { Loaded } from "#web/components/states.tsx";
import { Ago, Instant } from "#web/components/time.tsx";
import { admitsTexts } from "#web/i18n/texts/node-admits.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { nodesTexts, nodeTexts } from "#web/i18n/texts/nodes.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { overviewTexts } from "#web/i18n/texts/overview.ts";
import { nodeQuery, runsOfNodeQuery } from "#web/pages/nodes/queries.ts";
import classes from "#web/pages/nodes/nodes.module.css";

type Node = Schemas["Node"];

const Identity = ({ node }: { readonly node: Node }): React.ReactElement => {
  const t = useText();
  const labels = Object.entries(node.labels).map(([name, value]) => `${name}=${value}`);
  return (
    <Section title={t(nodeTexts.identity)} aside={<StateMark state={nodeState(node)} />}>
      <Facts
        facts={[
          [t(nodeTexts.joined), <Instant key="joined" at={node.joinedAt} />],
          [t(nodesTexts.seen), node.lastSeenAt === null ? t(commonTexts.never) : <Ago key="seen" at={node.lastSeenAt} />],
          [t(overviewTexts.running), node.runsInFlight],
          [t(wordTexts.labels), labels.length === 0 ? t(commonTexts.none) : labels.join(", ")],
          ...(node.facts === null
            ? []
            : ([
                [t(wordTexts.version), node.facts.version],
                [t(nodeTexts.platform), node.facts.platform],
                [t(nodeTexts.rotation), node.facts.rotationSerial ?? t(nodesTexts.notReported)],
              ] as const)),
          [t(nodeTexts.thumbprint), <code key="thumbprint">{node.keyThumbprint}</code>],
          [t(nodeTexts.certificate), <code key="certificate">{node.certificateFingerprint}</code>],
        ]}
      />
    </Section>
  );
};

const AsWhom = ({ node }: { readonly node: Node }): React.ReactElement => {
  const t = useText();
  const { facts } = node;
  return (
    <Section title={t(nodeTexts.asWhom)}>
      {facts === null ? (
        <p className="soft">{t(nodeTexts.neverConnected)}</p>
      ) : (
        <Facts
          facts={[
            [
              t(nodeTexts.defaultAccount),
              facts.defaultJobAccount === null ? t(nodesTexts.namedOnly) : <code key="account">{facts.defaultJobAccount}</code>,
            ],
            [t(nodeTexts.switching), <code key="switching">{facts.switching}</code>],
            [t(nodeTexts.tree), <code key="tree">{facts.tree}</code>],
            [t(nodeTexts.launcherAccount), <code key="launcher">{facts.launcherAccount}</code>],
            [t(nodeTexts.agentAccount), <code key="agent">{facts.agentAccount}</code>],
            [t(wordTexts.separation), t(facts.separation === "none" ? nodeTexts.separationNone : nodeTexts.separationAccounts)],
          ]}
        />
      )}
    </Section>
  );
};

const Policy = ({ node }: { readonly node: Node }): React.ReactElement => {
  const t = useText();
  const policy = node.facts?.policy ?? null;
  return (
    <Section title={t(nodeTexts.policy)}>
      {policy === null ? (
        <p className="soft">{t(nodesTexts.notReported)}</p>
      ) : (
        <>
          <Facts
            facts={[
              [t(nodeTexts.exclusive), t(policy.exclusive === "submitter" ? nodeTexts.exclusiveSubmitter : nodeTexts.exclusiveNone)],
              [t(nodeTexts.namedUids), policy.namedUids.length === 0 ? t(commonTexts.none) : policy.namedUids.join(", ")],
            ]}
          />
          {policy.accounts.length === 0 ? (
            <p className="soft">{t(nodeTexts.anyAccount)}</p>
          ) : (
            <>
              <p className="soft">{t(nodeTexts.accountRules)}</p>
              <ul className={classes.keys}>
                {policy.accounts.map(({ user, folders, roles }, index) => (
                  // The same account may have several rules, and a rule has no name.
                  // oxlint-disable-next-line react/no-array-index-key
                  <li key={index}>
                    <code>{user}</code> {t(nodeTexts.accountRule, { folders: folders.join(", ") || "–", roles: roles.join(", ") || "–" })}
                  </li>
                ))}
              </ul>
            </>
          )}
          {policy.isCut ? <p className="soft">{t(nodeTexts.policyCut)}</p> : null}
        </>
      )}
      <p className="soft">{t(nodeTexts.policyNote)}</p>
      <Copyable text="behalf node policy show" />
    </Section>
  );
};

const Admits = ({ node }: { readonly node: Node }): React.ReactElement => {
  const t = useText();
  return (
    <Section title={t(admitsTexts.title)}>
      <NodeAdmits node={node.name} />
      <Copyable text="behalf node table show" />
    </Section>
  );
};

const Keys = ({ node }: { readonly node: Node }): React.ReactElement => {
  const t = useText();
  const keys = node.facts?.credentialKeys ?? [];
  const unusable = new Map(node.facts?.unusableKeys?.map(({ key, code }) => [key, code]));
  const isTold = (node.facts?.unusableKeys ?? null) !== null;
  return (
    <Section title={t(nodeTexts.keys)}>
      {keys.length === 0 ? (
        <p className="soft">{t(nodeTexts.noKeys)}</p>
      ) : (
        <ul className={classes.keys}>
          {keys.map((key) => (
            <li key={key}>
              <code>{key}</code>{" "}
              {!isTold ? null : unusable.has(key) ? (
                <span className={classes.unusable}>
                  <span aria-hidden="true">⊘ </span>
                  {t(nodeTexts.keyUnusable)} <code>{unusable.get(key)}</code>
                </span>
              ) : (
                <span className={classes.usable}>
                  <span aria-hidden="true">✓ </span>
                  {t(nodeTexts.keyUsable)}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      <p className="soft">{t(nodeTexts.keysNote)}</p>
      <Copyable text="behalf credential list" />
    </Section>
  );
};

const LatestRuns = ({ node }: { readonly node: Node }): React.ReactElement => {
  const t = useText();
  const query = useQuery({ ...runsOfNodeQuery(node.name), refetchInterval: 15_000 });
  return (
    <Section title={t(nodeTexts.runs)}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="soft">{t(nodeTexts.noRuns)}</p>
          ) : (
            <ul className={classes.runs}>
              {items.map((run) => (
                <li key={run.id}>
                  <RunLink run={run} />
                  <StateMark state={run.result ?? run.state} />
                  <span className="soft">{run.runAs === null ? "" : <code>{run.runAs}</code>}</span>
                  <span className="soft">
                    <Ago at={run.queuedAt} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
};

const pageRoute = getRouteApi("/nodes/$node");
const manage = { permission: "manager:nodes:manage" } as const;

const NodePage = (): React.ReactElement => {
  const t = useText();
  const { node: name } = pageRoute.useParams();
  const queries = useQueryClient();
  const [revoking, setRevoking] = useState(false);
  const mayManage = allowedBy(useMay(manage));
  const query = useQuery({ ...nodeQuery(name), refetchInterval: 15_000 });
  const revoke = async (): Promise<void> => {
    await call("POST /api/v1/nodes/{node}/revoke", { path: { node: name } });
    notify({ tone: "good", title: t(nodeTexts.revoked, { node: name }) });
    await queries.invalidateQueries({ queryKey: ["nodes"] });
  };
  return (
    <Page
      title={name}
      actions={
        query.data?.state === "active" ? (
          <ActionButton allowed={mayManage} question={manage} onClick={() => setRevoking(true)}>
            {t(nodeTexts.revoke)}
          </ActionButton>
        ) : null
      }
    >
      <Loaded query={query}>
        {(node) => (
          <>
            {node.facts === null || node.facts.warnings.length === 0 ? null : (
              <Section title={t(nodeTexts.warnings)}>
                <ul>
                  {node.facts.warnings.map((warning) => (
                    <li key={warning}>
                      <Sentence text={warning} />
                    </li>
                  ))}
                </ul>
              </Section>
            )}
            <Identity node={node} />
            <AsWhom node={node} />
            <Admits node={node} />
            <Policy node={node} />
            <Keys node={node} />
            <LatestRuns node={node} />
          </>
        )}
      </Loaded>
      <ConfirmDialog
        opened={revoking}
        onClose={() => setRevoking(false)}
        title={t(nodeTexts.revokeTitle, { node: name })}
        effect={t(nodeTexts.revokeEffect)}
        action={t(nodeTexts.revoke)}
        typed={name}
        act={revoke}
      />
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/nodes/$node")({ component: NodePage });
