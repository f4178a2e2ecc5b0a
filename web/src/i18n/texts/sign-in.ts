import { defineTexts } from "#web/i18n/text.ts";

export const signInTexts = defineTexts({
  title: { en: "Sign in", de: "Anmelden" },
  ended: {
    en: "Your session has ended. Sign in to go on where you were.",
    de: "Ihre Sitzung ist beendet. Melden Sie sich an, um dort weiterzumachen, wo Sie waren.",
  },
  firstNote: {
    en: "New instance? Sign in as root, with the one-time password that its first start printed.",
    de: "Neue Instanz? Melden Sie sich als root an, mit dem Einmalkennwort, das ihr erster Start ausgegeben hat.",
  },
  wrong: { en: "Unknown account or wrong password.", de: "Unbekanntes Konto oder falsches Kennwort." },
  wait: {
    en: { one: "Too many failures. Try again in {count} second.", other: "Too many failures. Try again in {count} seconds." },
    de: {
      one: "Zu viele Fehlversuche. In {count} Sekunde erneut versuchen.",
      other: "Zu viele Fehlversuche. In {count} Sekunden erneut versuchen.",
    },
  },
  changeTitle: { en: "Choose a new password", de: "Neues Kennwort wählen" },
  changeNote: {
    en: "The password you signed in with was for one use. A long phrase is better than a short mix of signs.",
    de: "Das Kennwort, mit dem Sie sich angemeldet haben, galt nur einmal. Ein langer Satz ist besser als ein kurzes Gemisch von Zeichen.",
  },
  set: { en: "Set password", de: "Kennwort setzen" },
  realm: { en: "Realm {realm}", de: "Realm {realm}" },
});
