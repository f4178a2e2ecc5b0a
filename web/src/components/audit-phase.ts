/** How an act stands in the record, in words. */
import { auditTexts } from "#web/i18n/texts/audit.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";

export const phaseTexts = {
  opened: auditTexts.opened,
  completed: auditTexts.completed,
  failed: commonTexts.stateFailed,
  refused: commonTexts.stateRefused,
  noted: auditTexts.noted,
} as const;
