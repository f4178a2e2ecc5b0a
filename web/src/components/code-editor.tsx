/** A text editor for YAML and the like (CodeMirror), under the document's nonce. Import it lazily: `lazy-code-editor.tsx` does. Esc, then Tab leaves it. */
import { autocompletion, closeBrackets, completionKeymap, type CompletionSource } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { indentOnInput } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, hoverTooltip, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useEffectEvent, useRef } from "react";
import { editorColours } from "#web/components/code-colours.ts";
import { styleNonce } from "#web/components/style-nonce.ts";
import { useEngineWords } from "#web/i18n/engine-words.ts";
import type { EngineWords } from "#web/i18n/told.ts";
import classes from "#web/components/code-editor.module.css";

export interface CodeProblem {
  /** From 1. */
  readonly line: number;
  readonly column?: number;
  readonly message: string;
  readonly severity: "error" | "warning" | "info";
}

export interface CodeEditorProps {
  /** What it is called for those who hear it. */
  readonly label: string;
  readonly value: string;
  /** Absent: it can only be read. */
  readonly onChange?: (value: string) => void;
  readonly problems?: readonly CodeProblem[];
  readonly complete?: CompletionSource;
  /** What the word at a position means; null: nothing to say. */
  readonly hover?: (text: string, position: number) => string | null;
}

const diagnosticsOf = (state: EditorState, problems: readonly CodeProblem[], words: EngineWords | null): Diagnostic[] =>
  problems.map(({ line, column = 1, message: english, severity }) => {
    const message = words?.sentence(english) ?? english;
    const at = state.doc.line(Math.min(Math.max(1, line), state.doc.lines));
    const from = Math.min(at.from + Math.max(0, column - 1), at.to);
    return { from, to: Math.max(from, at.to), message, severity };
  });

const tooltipOf = (hover: NonNullable<CodeEditorProps["hover"]>): Extension =>
  hoverTooltip((view, position) => {
    const words = hover(view.state.doc.toString(), position);
    if (words === null) return null;
    return {
      pos: position,
      above: true,
      create: () => {
        const dom = document.createElement("div");
        dom.className = classes["meaning"] ?? "";
        dom.textContent = words;
        return { dom };
      },
    };
  });

const noProblems: readonly CodeProblem[] = [];

export const CodeEditor = ({ label, value, onChange, problems = noProblems, complete, hover }: CodeEditorProps): React.ReactElement => {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const changed = useEffectEvent((text: string) => onChange?.(text));
  const readOnly = onChange === undefined;
  const words = useEngineWords();
  const reading = useRef(new Compartment());

  useEffect(() => {
    if (place.current === null) return undefined;
    const extensions: Extension[] = [
      EditorView.cspNonce.of(styleNonce),
      lineNumbers(),
      history(),
      drawSelection(),
      indentOnInput(),
      closeBrackets(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      lintGutter(),
      yaml(),
      editorColours,
      autocompletion(complete === undefined ? {} : { override: [complete] }),
      hover === undefined ? [] : tooltipOf(hover),
      keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed(update.state.doc.toString());
      }),
      reading.current.of([]),
    ];
    const made = new EditorView({ parent: place.current, state: EditorState.create({ doc: value, extensions }) });
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
    // Made once: later values arrive as changes below, so that the cursor and its history stay.
    // oxlint-disable-next-line react/exhaustive-deps, react/exhaustive-effect-dependencies
  }, [label, complete, hover]);
  useEffect(() => {
    const now = view.current;
    if (now === null || now.state.doc.toString() === value) return;
    now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    view.current?.dispatch({
      effects: reading.current.reconfigure(readOnly ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : []),
    });
  }, [readOnly]);
  useEffect(() => {
    const now = view.current;
    if (now !== null) now.dispatch(setDiagnostics(now.state, diagnosticsOf(now.state, problems, words)));
  }, [problems, words]);
  return <div ref={place} className={classes.editor} />;
};
