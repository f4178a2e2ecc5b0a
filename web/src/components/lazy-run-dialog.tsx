/** The run dialog, its code loaded when it is first shown. */
import { lazy, Suspense } from "react";
import type { RunDialogProps } from "#web/components/run-dialog.tsx";

const RunDialog = lazy(() => import("#web/components/run-dialog.tsx").then((module) => ({ default: module.RunDialog })));

export const LazyRunDialog = (props: RunDialogProps): React.ReactElement => (
  <Suspense fallback={null}>
    <RunDialog {...props} />
  </Suspense>
);
