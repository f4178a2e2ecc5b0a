/** The editor, its code loaded when it is first shown: it is larger than the rest of the cockpit together. */
import { lazy, Suspense } from "react";
import type { CodeEditorProps } from "#web/components/code-editor.tsx";
import { LoadingState } from "#web/components/states.tsx";

const CodeEditor = lazy(() => import("#web/components/code-editor.tsx").then((module) => ({ default: module.CodeEditor })));

export const LazyCodeEditor = (props: CodeEditorProps): React.ReactElement => (
  <Suspense fallback={<LoadingState />}>
    <CodeEditor {...props} />
  </Suspense>
);
