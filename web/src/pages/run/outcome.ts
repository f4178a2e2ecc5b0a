/** The facts of an outcome, each in words of its own: they are independent, so several may hold. Pure. */
import type { Schemas } from "#web/api/generated.ts";
import { renderBytes } from "#web/components/render-time.ts";
import type { Language, Translate } from "#web/i18n/text.ts";
import { runTexts } from "#web/i18n/texts/run.ts";

export type Outcome = NonNullable<Schemas["Run"]["outcome"]>;

export const outcomeWords = (outcome: Outcome, t: Translate, language: Language): readonly string[] => {
  const { cancelled, runAs, output } = outcome;
  return [
    ...(outcome.started ? [] : [t(runTexts.notStarted)]),
    ...(outcome.exitUnknown ? [t(runTexts.exitUnknown)] : []),
    ...(outcome.exitCode === null ? [] : [t(runTexts.exitedWith, { code: String(outcome.exitCode) })]),
    ...(outcome.signal === null ? [] : [t(runTexts.signalled, { signal: outcome.signal })]),
    ...(outcome.timedOut ? [t(runTexts.timedOut)] : []),
    ...(cancelled === null
      ? []
      : [
          cancelled.reason === ""
            ? t(runTexts.cancelledBy, { name: cancelled.by })
            : t(runTexts.cancelledFor, { name: cancelled.by, reason: cancelled.reason }),
        ]),
    ...(outcome.forced ? [t(runTexts.forced)] : []),
    ...(outcome.leftovers === 0 ? [] : [t(runTexts.leftovers, { count: outcome.leftovers })]),
    ...(runAs === null ? [] : [t(runTexts.ranAs, { user: runAs.user, uid: String(runAs.uid), gid: String(runAs.gid) })]),
    ...(runAs?.credentialKey === null || runAs === null ? [] : [t(runTexts.withKey, { key: runAs.credentialKey })]),
    ...(output.truncated
      ? [t(runTexts.truncated, { written: renderBytes(output.writtenBytes, language), kept: renderBytes(output.logBytes, language) })]
      : output.writtenBytes > 0
        ? [t(runTexts.wrote, { written: renderBytes(output.writtenBytes, language) })]
        : []),
  ];
};
