/** The comparison of two texts, its code loaded when it is first shown. */
import type { CodeDiffProps } from "#web/components/code-diff.tsx";
import { part } from "#web/components/part.tsx";
import { LoadingState } from "#web/components/states.tsx";

const CodeDiff = part(() => import("#web/components/code-diff.tsx").then((module) => module.CodeDiff));

export const LazyCodeDiff = (props: CodeDiffProps): React.ReactElement => (
  <CodeDiff {...props} options={{ whileLoading: <LoadingState /> }} />
);
