import { defineTexts } from "#web/i18n/text.ts";

export const passwordTexts = defineTexts({
  title: { en: "One-time password", de: "Einmalkennwort" },
  about: {
    en: "Shown this once and kept nowhere. It must be changed at the first sign-in.",
    de: "Nur dieses eine Mal gezeigt und nirgends aufbewahrt. Es muss bei der ersten Anmeldung geändert werden.",
  },
  copyOf: { en: "Copy the password of {account}", de: "Kennwort von {account} kopieren" },
  noted: { en: "I have noted it", de: "Ich habe es notiert" },
});
