import { defineTexts } from "#web/i18n/text.ts";

export const profileTexts = defineTexts({
  who: { en: "Who you are", de: "Wer Sie sind" },
  lastLogin: { en: "Last sign-in before", de: "Letzte Anmeldung davor" },
  proved: { en: "Proved by", de: "Nachgewiesen durch" },
  ends: { en: "This session ends", de: "Diese Sitzung endet" },
  idles: { en: "Unused, it ends", de: "Unbenutzt endet sie" },
  kindBrowser: { en: "browser", de: "Browser" },
  kindCli: { en: "command line", de: "Kommandozeile" },
  thisOne: { en: "this one", de: "diese" },
  begun: { en: "begun", de: "begonnen" },
  endOf: { en: "End the session from {client}", de: "Sitzung von {client} beenden" },
  endAllTitle: { en: "Sign out everywhere?", de: "Überall abmelden?" },
  endAllEffect: {
    en: "Every session of this account ends at once, in browsers and on command lines, this one too. Runs go on.",
    de: "Jede Sitzung dieses Kontos endet sofort, in Browsern und auf Kommandozeilen, auch diese. Läufe gehen weiter.",
  },
  logins: { en: "Sign-ins", de: "Anmeldungen" },
  loginsNote: {
    en: "If one of these was not you, change your password.",
    de: "Wenn eine davon nicht von Ihnen war, ändern Sie Ihr Kennwort.",
  },
  loginGood: { en: "signed in", de: "angemeldet" },
  currentPassword: { en: "Current password", de: "Bisheriges Kennwort" },
  change: { en: "Change password", de: "Kennwort ändern" },
  changed: {
    en: "The password is changed; your other sessions have ended",
    de: "Das Kennwort ist geändert; Ihre anderen Sitzungen sind beendet",
  },
  permissions: { en: "What you may do", de: "Was Sie dürfen" },
  permissionsNote: {
    en: "What your roles give you somewhere; the explanation says in which folders.",
    de: "Was Ihre Rollen Ihnen irgendwo geben; in welchen Ordnern, sagt die Erklärung.",
  },
  showRefused: { en: "Also what you may not", de: "Auch, was Sie nicht dürfen" },
  held: { en: "Held", de: "Vorhanden" },
  by: { en: "By", de: "Durch" },
});
