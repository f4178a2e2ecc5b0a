/** That a field is empty, the browser would say in its own language: it is said in the reader's. What does not belong here: what the manager finds wrong. */
import { languageNow } from "#web/i18n/language.ts";
import { renderText } from "#web/i18n/text.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";

const fieldOf = ({ target }: Event): HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement | null =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement ? target : null;

export const sayWhatIsEmpty = (): void => {
  // Neither event of a field is told upwards: both are caught on their way down.
  document.addEventListener(
    "invalid",
    (event) => {
      const field = fieldOf(event);
      field?.setCustomValidity("");
      if (field?.validity.valueMissing === true) field.setCustomValidity(renderText(languageNow(), commonTexts.fillIn));
    },
    true,
  );
  document.addEventListener("input", (event) => fieldOf(event)?.setCustomValidity(""), true);
};
