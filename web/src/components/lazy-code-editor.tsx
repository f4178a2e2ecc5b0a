/** The editor, its code loaded when it is first shown: it is larger than the rest of the cockpit together. Text that is only read is there before it. */
import type { CodeEditorProps } from "#web/components/code-editor.tsx";
import { part } from "#web/components/part.tsx";
import { LoadingState } from "#web/components/states.tsx";
import classes from "#web/components/lazy-code-editor.module.css";

const CodeEditor = part(() => import("#web/components/code-editor.tsx").then((module) => module.CodeEditor));

const PlainText = ({ label, value }: Pick<CodeEditorProps, "label" | "value">): React.ReactElement => (
  // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so it must be reachable by keyboard
  <pre aria-label={label} className={classes.plain} tabIndex={0}>
    {value}
  </pre>
);

export const LazyCodeEditor = (props: CodeEditorProps): React.ReactElement => (
  <CodeEditor
    {...props}
    options={{ whileLoading: props.onChange === undefined ? <PlainText label={props.label} value={props.value} /> : <LoadingState /> }}
  />
);
