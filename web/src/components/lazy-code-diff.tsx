/** The comparison of two texts, its code loaded when it is first shown. */
import { lazy, Suspense } from "react";
import type { CodeDiffProps } from "#web/components/code-diff.tsx";
import { LoadingState } from "#web/components/states.tsx";

const CodeDiff = lazy(() => import("#web/components/code-diff.tsx").then((module) => ({ default: module.CodeDiff })));

export const LazyCodeDiff = (props: CodeDiffProps): React.ReactElement => (
  <Suspense fallback={<LoadingState />}>
    <CodeDiff {...props} />
  </Suspense>
);
