/**
 * Runs a job: its arguments as a form, its nodes, and before anything is submitted what it will come to: who, may, where and as whom, asked of the
 * same engine. Submitted once, however often it is pressed; then the run is followed.
 */
import { Button, Checkbox, Modal, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useRef, useState } from "react";
import { readValue } from "#jobs/rules/arguments.ts";
import type { Parameter } from "#jobs/rules/job.ts";
import { useAccess, useMay } from "#web/api/access.ts";
import { asProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { explain } from "#web/components/explain.ts";
import { runAddress } from "#web/components/run-link.tsx";
import { idempotencyKeyOf, type RunRequest } from "#web/components/run-request.ts";
import { HintText, ReasonText, Sentence } from "#web/components/engine-text.tsx";
import { createPermission } from "#web/components/run-queries.ts";
import { ProblemNote, ProblemWords } from "#web/components/states.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { runDialogTexts } from "#web/i18n/texts/run-dialog.ts";
import { useAct } from "#web/components/use-act.ts";
import { useText } from "#web/i18n/language.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import classes from "#web/components/run-dialog.module.css";

type Preview = Schemas["SubmissionPreview"];
type Verdict = Schemas["Verdict"];
type Values = Readonly<Record<string, string>>;

export interface RunDialogProps {
  readonly request: RunRequest;
  readonly onClose: () => void;
}

const warningTexts = {
  "node-missing": runDialogTexts.warnMissing,
  "node-never-connected": runDialogTexts.warnNever,
  "node-offline": runDialogTexts.warnOffline,
  "launcher-unreachable": runDialogTexts.warnLauncher,
  "no-default-account": runDialogTexts.warnNoAccount,
  "key-not-reported": runDialogTexts.warnKey,
  "key-unusable": runDialogTexts.warnKeyUnusable,
} as const;

/** As a definition lists them. */
const parametersOf = (definition: Readonly<Record<string, unknown>>): readonly Parameter[] =>
  ((definition["parameters"] ?? []) as readonly Partial<Parameter>[]).map((one) => ({
    name: one.name ?? "",
    type: one.type ?? "string",
    description: one.description ?? null,
    required: one.required ?? false,
    default: one.default ?? null,
    allowed: one.allowed?.map(String) ?? null,
  }));

const ParameterField = ({
  parameter,
  value,
  error,
  isFirst,
  onChange,
}: {
  readonly parameter: Parameter;
  /** Undefined: not given. */
  readonly value: string | undefined;
  readonly error: string | undefined;
  /** Where typing begins. */
  readonly isFirst: boolean;
  readonly onChange: (value: string | undefined) => void;
}): React.ReactElement => {
  const t = useText();
  const { name, type, description, required, allowed } = parameter;
  const common = {
    label: name,
    description: description ?? undefined,
    required,
    error: error === undefined ? undefined : <Sentence text={error} />,
    size: "xs",
    "data-autofocus": isFirst || undefined,
  } as const;
  const choices = allowed ?? (type === "boolean" ? ["true", "false"] : null);
  if (choices !== null) {
    const none = parameter.default === null ? t(runDialogTexts.leftOut) : t(runDialogTexts.asDefault, { value: parameter.default });
    return (
      <NativeSelect
        {...common}
        value={value ?? ""}
        data={[...(required && value !== undefined ? [] : [{ value: "", label: none }]), ...choices]}
        onChange={(event) => onChange(event.currentTarget.value === "" ? undefined : event.currentTarget.value)}
      />
    );
  }
  const read = value === undefined ? null : readValue(type, value);
  const why = read !== null && "why" in read ? read.why : undefined;
  const wrong = why === undefined ? undefined : <Sentence text={why} />;
  const placeholder =
    parameter.default !== null
      ? t(runDialogTexts.default, { value: parameter.default.slice(0, 200) })
      : type === "integer"
        ? t(runDialogTexts.typeInteger)
        : type === "number"
          ? t(runDialogTexts.typeNumber)
          : undefined;
  const given = { ...common, error: common.error ?? wrong, value: value ?? "", placeholder };
  const change = (text: string): void => onChange(text === "" ? undefined : text);
  return type === "string" ? (
    <Textarea {...given} autosize minRows={1} maxRows={8} onChange={(event) => change(event.currentTarget.value)} />
  ) : (
    <TextInput {...given} inputMode={type === "integer" ? "numeric" : "decimal"} onChange={(event) => change(event.currentTarget.value)} />
  );
};

const VerdictLine = ({ verdict, of = "" }: { readonly verdict: Verdict; readonly of?: string }): React.ReactElement => (
  <p className={verdict.effect === "permit" ? classes.permitted : classes.refused}>
    <span aria-hidden="true">{verdict.effect === "permit" ? "✓ " : "⊘ "}</span>
    <ReasonText reason={verdict} />
    {of === "" ? null : <span className="soft"> ({of})</span>}
  </p>
);

const Verdicts = ({ preview, part }: { readonly preview: Preview; readonly part: "who" | "may" }): React.ReactElement => (
  <>
    {preview.verdicts
      .filter((verdict) => verdict.part === part)
      .map((verdict) => (
        <VerdictLine key={verdict.rule} verdict={verdict} />
      ))}
  </>
);

const PreviewList = ({ preview, name }: { readonly preview: Preview; readonly name: string }): React.ReactElement => {
  const t = useText();
  return (
    <dl className={classes.preview}>
      <dt>{t(runDialogTexts.who)}</dt>
      <dd>
        <Verdicts preview={preview} part="who" />
      </dd>
      <dt>{t(wordTexts.may)}</dt>
      <dd>
        <Verdicts preview={preview} part="may" />
      </dd>
      <dt>{t(runDialogTexts.where)}</dt>
      <dd>
        {preview.targets.length === 0 ? (
          <p className={classes.warning}>{t(runDialogTexts.targetsNone)}</p>
        ) : (
          <>
            <p>{preview.targets.map(({ node }) => node).join(", ")}</p>
            {preview.targets.map(({ node, where }) =>
              where === null ? null : <VerdictLine key={node} verdict={where} of={t(runDialogTexts.forecast, { node })} />,
            )}
            {preview.targets.every(({ where }) => where !== null) ? null : (
              <p className="soft">{t(runDialogTexts.nodeDecides, { name, role: preview.requires })}</p>
            )}
          </>
        )}
        {preview.targets.flatMap(({ node, warnings }) =>
          warnings.map((warning) => (
            <p key={`${node} ${warning}`} className={classes.warning}>
              <span aria-hidden="true">! </span>
              {t(warningTexts[warning], { node })}
            </p>
          )),
        )}
        {preview.nodesVisible ? null : <p className="soft">{t(runDialogTexts.nodesHidden)}</p>}
      </dd>
      <dt>{t(wordTexts.asWhom)}</dt>
      <dd>
        <p>{preview.credentialKey === null ? t(wordTexts.asAgent) : t(runDialogTexts.asKey, { key: preview.credentialKey })}</p>
        {preview.targets.map(({ node, account }) =>
          account === null ? null : <p key={node}>{t(runDialogTexts.asAccount, { node, account })}</p>,
        )}
      </dd>
    </dl>
  );
};

export const RunDialog = ({ request, onClose }: RunDialogProps): React.ReactElement | null => {
  const t = useText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const access = useAccess();
  const dialogId = useId();
  /** One opening of the dialog: its submissions of one body are one. */
  const intent = useRef(crypto.randomUUID());
  const isAgain = request.arguments !== undefined;
  const jobQuery = useQuery({
    queryKey: ["job", request.job, "now"],
    queryFn: ({ signal }) => call("GET /api/v1/jobs/{*}", { path: { "*": request.job.slice(1) }, query: {} }, { signal }),
    // The page behind it has it most of the time: then the dialog is there at once.
    placeholderData: () => queries.getQueryData<Schemas["Job"]>(["job", request.job]),
    staleTime: 0,
    retry: false,
  });
  const nodesAllowed = useMay({ permission: "manager:nodes:view" })?.effect === "permit";
  const nodesQuery = useQuery({
    queryKey: ["nodes", "names"],
    enabled: nodesAllowed,
    queryFn: async ({ signal }) => (await call("GET /api/v1/nodes", { query: { limit: 200 } }, { signal })).items.map(({ name }) => name),
  });
  const [given, setGiven] = useState<Values>(request.arguments ?? {});
  const [chosen, setChosen] = useState<readonly string[] | null>(request.on ?? null);
  const [comment, setComment] = useState("");
  const [another, setAnother] = useState("");

  const definition = jobQuery.data?.definition;
  const isHidden = jobQuery.isError;
  const parameters: readonly Parameter[] =
    definition === undefined
      ? Object.keys(request.arguments ?? {}).map((name) => ({
          name,
          type: "string",
          description: null,
          required: false,
          default: null,
          allowed: null,
        }))
      : parametersOf(definition);
  const declared = (definition?.["on"] ?? []) as readonly string[] | string as readonly string[];
  const nodes = chosen ?? declared;
  const offered = [...new Set([...declared, ...nodes, ...(nodesQuery.data ?? [])])];
  const known = new Set(parameters.map(({ name }) => name));
  const values = Object.fromEntries(Object.entries(given).filter(([name]) => definition === undefined || known.has(name)));
  const gone = Object.keys(given).filter((name) => definition !== undefined && !known.has(name));
  const body = {
    job: request.job,
    ...(Object.keys(values).length === 0 ? {} : { arguments: values }),
    ...(chosen === null ? {} : { on: [...nodes] }),
  };
  const [asked] = useDebouncedValue(JSON.stringify(body), 200);
  const preview = useQuery({
    queryKey: ["preview", asked],
    enabled: jobQuery.isSuccess || isHidden,
    queryFn: ({ signal }) =>
      call("POST /api/v1/submissions/preview", { body: JSON.parse(asked) as typeof body }, { signal, background: true }),
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const submitting = useAct({
    mutationFn: async () => {
      const whole = { ...body, ...(comment.trim() === "" ? {} : { comment: comment.trim() }) };
      return await call(
        "POST /api/v1/submissions",
        { body: whole },
        { headers: { "idempotency-key": idempotencyKeyOf(intent.current, JSON.stringify(whole)) } },
      );
    },
    onSuccess: async (answer) => {
      void queries.invalidateQueries({ queryKey: ["runs"] });
      const [only, second] = answer.runs;
      // In the place of the dialog: the step back leads to the page below it.
      await (only !== undefined && second === undefined
        ? navigate({ to: runAddress(only.id), replace: true })
        : navigate({ to: "/runs", search: { submission: answer.id ?? "" }, replace: true }));
    },
  });
  const data = preview.data;
  const isCurrent = asked === JSON.stringify(body) && !preview.isPlaceholderData;
  const problemOf = (name: string): string | undefined =>
    isCurrent && given[name] !== undefined ? data?.problems.find(({ path }) => path === `arguments.${name}`)?.message : undefined;
  const wrong = parameters.some(({ name, type, required }) => {
    const value = values[name];
    return value === undefined ? required : "why" in readValue(type, value);
  });
  const isRefused = preview.isError || (isCurrent && data?.ready === false);
  const canRun = !wrong && !isRefused && nodes.length > 0 && !submitting.isPending && !submitting.isSuccess;
  /** What was missing when the dialog was opened. */
  const firstMissing = parameters.find(({ name, required }) => required && request.arguments?.[name] === undefined)?.name;
  const submit = (): void => {
    if (canRun) submitting.mutate();
  };
  const addNode = (): void => {
    const name = another.trim();
    if (name === "") return;
    setChosen([...new Set([...nodes, name])]);
    setAnother("");
  };

  // Focus goes to where typing begins, so the dialog comes when that is known.
  if (jobQuery.isPending) return null;
  return (
    <Modal
      opened
      onClose={onClose}
      size={880}
      title={t(isAgain ? runDialogTexts.again : runDialogTexts.title, { job: request.job })}
      closeButtonProps={{ "aria-label": t(commonTexts.close) }}
    >
      {/* Ctrl Enter, from any field of it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <form
        aria-describedby={`${dialogId}keys`}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            submit();
          }
        }}
      >
        <div className={classes.columns}>
          <div className={classes.fields}>
            <h3>{t(wordTexts.arguments)}</h3>
            {isHidden ? <p className="soft">{t(runDialogTexts.notShown)}</p> : null}
            {parameters.length === 0 ? <p className="soft">{t(runDialogTexts.noParameters)}</p> : null}
            {gone.map((name) => (
              <p key={name} className={classes.warning}>
                {t(runDialogTexts.gone, { name })}
              </p>
            ))}
            {parameters.map((parameter) => (
              <ParameterField
                key={parameter.name}
                parameter={parameter}
                value={given[parameter.name]}
                error={problemOf(parameter.name)}
                isFirst={parameter.name === firstMissing}
                onChange={(value) =>
                  setGiven((before) => {
                    const { [parameter.name]: _old, ...rest } = before;
                    return value === undefined ? rest : { ...rest, [parameter.name]: value };
                  })
                }
              />
            ))}
            <fieldset className={classes.fieldset}>
              <legend>{t(navigationTexts.nodes)}</legend>
              {offered.length === 0 ? <p className="soft">{t(runDialogTexts.targetsNone)}</p> : null}
              <div className={classes.nodes}>
                {offered.map((node) => (
                  <Checkbox
                    key={node}
                    size="xs"
                    label={node}
                    checked={nodes.includes(node)}
                    onChange={(event) => setChosen(event.currentTarget.checked ? [...nodes, node] : nodes.filter((one) => one !== node))}
                  />
                ))}
              </div>
              {nodesAllowed ? null : (
                <div className={classes.add}>
                  <TextInput
                    size="xs"
                    label={t(runDialogTexts.otherNode)}
                    value={another}
                    maxLength={63}
                    onChange={(event) => setAnother(event.currentTarget.value)}
                    onKeyDown={(event) => {
                      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
                      event.preventDefault();
                      addNode();
                    }}
                  />
                  <Button size="xs" variant="default" onClick={addNode}>
                    {t(runDialogTexts.addNode)}
                  </Button>
                </div>
              )}
            </fieldset>
            <TextInput
              size="xs"
              label={t(wordTexts.comment)}
              description={t(runDialogTexts.commentHint)}
              value={comment}
              maxLength={500}
              onChange={(event) => setComment(event.currentTarget.value)}
            />
          </div>
          <section aria-label={t(runDialogTexts.preview)} aria-busy={!isCurrent}>
            <h3>{t(runDialogTexts.preview)}</h3>
            {preview.isError ? (
              <div role="alert" className={classes.refused}>
                <ProblemWords problem={asProblem(preview.error)} />
                <Button
                  size="compact-xs"
                  variant="default"
                  onClick={() => explain({ permission: createPermission, on: request.job, controller: "main" })}
                >
                  {t(commonTexts.why)}
                </Button>
              </div>
            ) : data === undefined ? (
              <p className="soft">{t(runDialogTexts.previewing)}</p>
            ) : (
              <>
                <PreviewList preview={data} name={access?.actor.name ?? ""} />
                {data.problems
                  // That a node is to be chosen is said where the nodes are.
                  .filter(({ code }) => code !== "jobs.not-runnable" || data.targets.length > 0)
                  .filter(({ path, code }) => code !== "jobs.missing-argument" || isAgain || path === null)
                  // What is wrong with an argument is said at its field.
                  .filter(
                    ({ path }) =>
                      path === null || !parameters.some(({ name }) => path === `arguments.${name}` && problemOf(name) !== undefined),
                  )
                  .map(({ code, message, hint }) => (
                    <p key={`${code} ${message}`} className={classes.refused}>
                      <span aria-hidden="true">⊘ </span>
                      <Sentence text={message} />
                      {code === "jobs.missing-argument" ? null : (
                        <>
                          : <HintText code={code} hint={hint} />
                        </>
                      )}
                    </p>
                  ))}
              </>
            )}
          </section>
        </div>
        <ProblemNote error={submitting.error} />
        <div className={classes.foot}>
          <span id={`${dialogId}keys`} className="soft">
            {t(runDialogTexts.keys)}
          </span>
          <Button variant="default" onClick={onClose}>
            {t(commonTexts.cancel)}
          </Button>
          <Button
            type="submit"
            aria-disabled={!canRun}
            data-disabled={!canRun || undefined}
            loading={submitting.isPending}
            data-autofocus={firstMissing === undefined || undefined}
          >
            {nodes.length > 1 ? t(runDialogTexts.runMany, { count: nodes.length }) : t(wordTexts.run)}
          </Button>
        </div>
      </form>
    </Modal>
  );
};
