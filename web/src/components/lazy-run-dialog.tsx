/** The run dialog, its code loaded when it is first shown. */
import { part } from "#web/components/part.tsx";
import type { RunDialogProps } from "#web/components/run-dialog.tsx";

const RunDialog = part(() => import("#web/components/run-dialog.tsx").then((module) => module.RunDialog));

export const LazyRunDialog = (props: RunDialogProps): React.ReactElement => <RunDialog {...props} options={{ onFail: props.onClose }} />;
