/** Short notes that go by themselves. The code that shows them is loaded with the first one. */
import { asProblem } from "#web/api/api-problem.ts";
import { createElement } from "react";
import { createStore } from "#web/api/small-store.ts";
import { Words } from "#web/components/words.tsx";
import { engineWordsNow } from "#web/i18n/engine-words.ts";
import { languageNow } from "#web/i18n/language.ts";
import { renderText } from "#web/i18n/text.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";

export interface Note {
  readonly tone: "good" | "bad";
  readonly title: string;
  readonly text?: string;
}

export const anyNote = createStore(false);

export const notify = (note: Note): void => {
  anyNote.set(true);
  void import("@mantine/notifications").then(
    ({ notifications }) =>
      notifications.show({
        color: note.tone === "good" ? "teal" : "red",
        title: createElement(Words, { text: note.title }),
        message: createElement(Words, { text: note.text ?? "" }),
        closeButtonProps: { "aria-label": renderText(languageNow(), commonTexts.close) },
        // What went wrong stays until it is read.
        autoClose: note.tone === "good" ? 5000 : false,
      }),
    () => {
      // Its code does not come while the manager is away; that is said beside the account's name.
    },
  );
};

/** For acts without a place of their own to say what went wrong. */
export const notifyProblem = (error: unknown): void => {
  const problem = asProblem(error);
  const words = engineWordsNow();
  notify({
    tone: "bad",
    title: words?.sentence(problem.message) ?? words?.title(problem.code) ?? problem.message,
    text: words?.hint(problem.code, problem.hint) ?? words?.hint(problem.code, "") ?? problem.hint,
  });
};
