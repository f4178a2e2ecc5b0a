/** The smallest change of the roles that would flip an answer, in German. */
import type { Step } from "#web/i18n/told.ts";

const role = (step: Step): string =>
  `Rolle \`${step.role ?? ""}\` ${step.scope === "default" || step.scope === null ? "für alle Controller" : `für Controller \`${step.scope}\``}`;

const words: Readonly<Record<Step["kind"], (step: Step) => string>> = {
  "add-permission": (step) => `\`${step.entry}\` in die ${role(step)} aufgenommen würde`,
  "add-denial": (step) => `das Verbot \`${step.entry}\` in die ${role(step)} aufgenommen würde`,
  "remove-permission": (step) => `\`${step.entry}\` aus der ${role(step)} entfernt würde`,
  "remove-denial": (step) => `das Verbot \`${step.entry}\` aus der ${role(step)} entfernt würde`,
  "add-folder": (step) => `der Ordner \`${step.entry}\` in die ${role(step)} aufgenommen würde`,
  "assign-role": (step) => `eine Rolle zugewiesen würde, die \`${step.entry}\` erlaubt`,
};

/** Goes on after "if". */
export const changeText = (steps: readonly Step[]): string => steps.map((step) => words[step.kind](step)).join(" und ");
