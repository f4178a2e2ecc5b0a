/** Two texts side by side with what differs marked (CodeMirror), under the document's nonce. Import it lazily: `lazy-code-diff.tsx` does. */
import { yaml } from "@codemirror/lang-yaml";
import { MergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { editorColours } from "#web/components/code-colours.ts";
import { styleNonce } from "#web/components/style-nonce.ts";
import classes from "#web/components/code-diff.module.css";

export interface CodeDiffProps {
  readonly label: string;
  readonly before: string;
  readonly after: string;
}

export const CodeDiff = ({ label, before, after }: CodeDiffProps): React.ReactElement => {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (place.current === null) return undefined;
    const extensions: Extension[] = [
      EditorView.cspNonce.of(styleNonce),
      lineNumbers(),
      yaml(),
      editorColours,
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": label }),
    ];
    const made = new MergeView({
      parent: place.current,
      a: { doc: before, extensions },
      b: { doc: after, extensions },
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
    });
    return () => made.destroy();
  }, [before, after, label]);
  // It scrolls, so it must be reachable with the keyboard.
  // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
  return <div ref={place} role="region" aria-label={label} tabIndex={0} className={classes.diff} />;
};
