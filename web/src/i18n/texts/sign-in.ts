import { defineTexts } from "#web/i18n/text.ts";

export const signInTexts = defineTexts({
  title: { en: "Sign in", de: "Anmelden" },
  ended: {
    en: "Your session has ended. Sign in to go on where you were.",
    de: "Ihre Sitzung ist beendet. Melden Sie sich an, um fortzufahren.",
  },
  firstNote: {
    en: "The first account is root; its one-time password was printed when this instance first started.",
    de: "Das erste Konto ist root; sein Einmalkennwort wurde beim ersten Start ausgegeben.",
  },
  account: { en: "Account", de: "Konto" },
  password: { en: "Password", de: "Kennwort" },
  submit: { en: "Sign in", de: "Anmelden" },
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
    de: "Das Kennwort, mit dem Sie sich angemeldet haben, galt einmal. Ein langer Satz ist besser als wenige Sonderzeichen.",
  },
  newPassword: { en: "New password", de: "Neues Kennwort" },
  again: { en: "New password again", de: "Neues Kennwort wiederholen" },
  set: { en: "Set password", de: "Kennwort setzen" },
  differ: { en: "The two new passwords differ.", de: "Die beiden neuen Kennwörter sind verschieden." },
  realm: { en: "Realm {realm}", de: "Realm {realm}" },
});
