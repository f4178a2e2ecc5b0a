/** The fields of a job as a form. It holds nothing of its own: what is typed goes into the text, and what the text says is shown. */
import { Button, Checkbox, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { jobEditorTexts } from "#web/i18n/texts/job-editor.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import type { JobFields, ParameterFields } from "#web/pages/job-editor/job-text.ts";
import classes from "#web/pages/job-editor/job-editor.module.css";

export interface JobFormProps {
  readonly fields: JobFields;
  /** A job that is there keeps its path. */
  readonly pathFixed: boolean;
  readonly onChange: <K extends keyof JobFields>(name: K, value: JobFields[K]) => void;
  /** Message of a problem by the field it is about. */
  readonly problemOf: (field: string) => React.ReactNode;
}

const nodeRoles = ["monitor", "configurator", "operator", "administrator", "auditor"];
const parameterTypes = ["string", "integer", "number", "boolean"];
const newParameter: ParameterFields = { name: "", type: "string", required: false, default: "", allowed: "", description: "" };

const Parameters = ({
  parameters,
  onChange,
  problemOf,
}: {
  readonly parameters: readonly ParameterFields[];
  readonly onChange: (next: readonly ParameterFields[]) => void;
  readonly problemOf: JobFormProps["problemOf"];
}): React.ReactElement => {
  const t = useText();
  const change = (at: number, part: Partial<ParameterFields>): void =>
    onChange(parameters.map((one, index) => (index === at ? { ...one, ...part } : one)));
  return (
    <>
      {parameters.map((one, index) => (
        // Parameters have no other identity than their place.
        // oxlint-disable-next-line react/no-array-index-key
        <fieldset key={index} className={classes.parameter}>
          <legend>{t(jobEditorTexts.parameter, { number: index + 1 })}</legend>
          <TextInput
            size="xs"
            label={t(jobEditorTexts.name)}
            value={one.name}
            error={problemOf(`parameters.${index}.name`) ?? problemOf(`parameters.${index}`)}
            onChange={(event) => change(index, { name: event.currentTarget.value })}
          />
          <NativeSelect
            size="xs"
            label={t(jobEditorTexts.type)}
            value={one.type}
            data={parameterTypes}
            onChange={(event) => change(index, { type: event.currentTarget.value })}
          />
          <TextInput
            size="xs"
            label={t(jobEditorTexts.default)}
            value={one.default}
            error={problemOf(`parameters.${index}.default`)}
            onChange={(event) => change(index, { default: event.currentTarget.value })}
          />
          <TextInput
            size="xs"
            label={t(jobEditorTexts.allowed)}
            value={one.allowed}
            error={problemOf(`parameters.${index}.allowed`)}
            onChange={(event) => change(index, { allowed: event.currentTarget.value })}
          />
          <TextInput
            size="xs"
            className={classes.wide}
            label={t(wordTexts.description)}
            value={one.description}
            onChange={(event) => change(index, { description: event.currentTarget.value })}
          />
          <div className={classes.ends}>
            <Checkbox
              size="xs"
              label={t(jobEditorTexts.required)}
              checked={one.required}
              error={problemOf(`parameters.${index}.required`)}
              onChange={(event) => change(index, { required: event.currentTarget.checked })}
            />
            <Button size="compact-xs" variant="default" onClick={() => onChange(parameters.filter((_, at) => at !== index))}>
              {t(jobEditorTexts.removeParameter, { name: one.name === "" ? String(index + 1) : one.name })}
            </Button>
          </div>
        </fieldset>
      ))}
      <div>
        <Button size="xs" variant="default" onClick={() => onChange([...parameters, newParameter])}>
          {t(jobEditorTexts.addParameter)}
        </Button>
      </div>
    </>
  );
};

/** A list that people write with commas; kept as typed until the field is left. */
const CommaList = ({
  label,
  value,
  error,
  onChange,
}: {
  readonly label: string;
  readonly value: readonly string[];
  readonly error: React.ReactNode;
  readonly onChange: (next: readonly string[]) => void;
}): React.ReactElement => (
  <TextInput
    key={value.join(",")}
    size="xs"
    label={label}
    defaultValue={value.join(", ")}
    error={error}
    onBlur={(event) => {
      const next = event.currentTarget.value
        .split(",")
        .map((one) => one.trim())
        .filter((one) => one !== "");
      if (next.join(",") !== value.join(",")) onChange(next);
    }}
  />
);

export const JobForm = ({ fields, pathFixed, onChange, problemOf }: JobFormProps): React.ReactElement => {
  const t = useText();
  const plain = (
    name: "title" | "workingDirectory" | "umask" | "timeout" | "grace" | "outputLimit" | "successExitCodes",
    label: string,
  ) => (
    <TextInput
      size="xs"
      label={label}
      value={fields[name]}
      error={problemOf(name)}
      onChange={(event) => onChange(name, event.currentTarget.value)}
    />
  );
  return (
    <div className={classes.form}>
      <TextInput
        size="xs"
        label={t(jobEditorTexts.path)}
        description={pathFixed ? t(jobEditorTexts.pathFixed) : undefined}
        value={fields.path}
        readOnly={pathFixed}
        error={problemOf("path")}
        onChange={(event) => onChange("path", event.currentTarget.value)}
      />
      {plain("title", t(wordTexts.title))}
      <NativeSelect
        size="xs"
        label={t(jobEditorTexts.what)}
        value={fields.kind}
        data={[
          { value: "shell", label: t(jobEditorTexts.shell) },
          { value: "program", label: t(jobEditorTexts.program) },
        ]}
        onChange={(event) => onChange("kind", event.currentTarget.value === "program" ? "program" : "shell")}
      />
      {fields.kind === "shell" ? (
        <Textarea
          size="xs"
          className={classes.mono}
          label={t(jobEditorTexts.shell)}
          value={fields.shell}
          error={problemOf("run.shell") ?? problemOf("run")}
          autosize
          minRows={3}
          maxRows={16}
          spellCheck={false}
          onChange={(event) => onChange("shell", event.currentTarget.value)}
        />
      ) : (
        <>
          <TextInput
            size="xs"
            label={t(jobEditorTexts.file)}
            value={fields.program}
            error={problemOf("run.program") ?? problemOf("run")}
            onChange={(event) => onChange("program", event.currentTarget.value)}
          />
          <Textarea
            size="xs"
            className={classes.mono}
            label={t(jobEditorTexts.args)}
            value={fields.args}
            autosize
            minRows={2}
            maxRows={12}
            onChange={(event) => onChange("args", event.currentTarget.value)}
          />
        </>
      )}
      <NativeSelect
        size="xs"
        label={t(wordTexts.asWhom)}
        value={fields.as}
        error={problemOf("as")}
        data={[
          { value: "agent", label: t(jobEditorTexts.asAgent) },
          { value: "credential", label: t(jobEditorTexts.asCredential) },
          ...(fields.as === "other" ? [{ value: "other", label: t(jobEditorTexts.asOther) }] : []),
        ]}
        onChange={(event) => {
          const { value } = event.currentTarget;
          if (value === "agent" || value === "credential") onChange("as", value);
        }}
      />
      {fields.as === "credential" ? (
        <>
          <TextInput
            size="xs"
            label={t(jobEditorTexts.credential)}
            value={fields.credential}
            error={problemOf("as.credential")}
            onChange={(event) => onChange("credential", event.currentTarget.value)}
          />
          <Checkbox
            size="xs"
            label={t(jobEditorTexts.loadProfile)}
            checked={fields.loadProfile}
            onChange={(event) => onChange("loadProfile", event.currentTarget.checked)}
          />
        </>
      ) : null}
      <CommaList label={t(jobEditorTexts.nodes)} value={fields.on} error={problemOf("on")} onChange={(next) => onChange("on", next)} />
      <NativeSelect
        size="xs"
        label={t(jobEditorTexts.requires)}
        value={fields.requires}
        error={problemOf("requires")}
        data={[{ value: "", label: t(jobEditorTexts.requiresDefault) }, ...nodeRoles]}
        onChange={(event) => onChange("requires", event.currentTarget.value)}
      />
      <h2>{t(wordTexts.parameters)}</h2>
      {fields.parameters === null ? (
        <p className="soft">{t(jobEditorTexts.parametersByText)}</p>
      ) : (
        <Parameters parameters={fields.parameters} onChange={(next) => onChange("parameters", next)} problemOf={problemOf} />
      )}
      <h2>{t(jobEditorTexts.limits)}</h2>
      <div className={classes.pair}>
        {plain("timeout", t(jobEditorTexts.timeout))}
        {plain("grace", t(jobEditorTexts.grace))}
        {plain("outputLimit", t(jobEditorTexts.outputLimit))}
        {plain("successExitCodes", t(jobEditorTexts.successExitCodes))}
        {plain("workingDirectory", t(jobEditorTexts.workingDirectory))}
        {plain("umask", t(jobEditorTexts.umask))}
      </div>
      <Textarea
        key={fields.environment}
        size="xs"
        className={classes.mono}
        label={t(jobEditorTexts.environment)}
        defaultValue={fields.environment}
        error={problemOf("environment")}
        autosize
        minRows={2}
        maxRows={10}
        spellCheck={false}
        onBlur={(event) => {
          if (event.currentTarget.value !== fields.environment) onChange("environment", event.currentTarget.value);
        }}
      />
      <Checkbox
        size="xs"
        label={t(jobEditorTexts.restartable)}
        checked={fields.restartable}
        onChange={(event) => onChange("restartable", event.currentTarget.checked)}
      />
    </div>
  );
};
