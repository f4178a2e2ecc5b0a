import { defineTexts } from "#web/i18n/text.ts";

export const nodesTexts = defineTexts({
  title: { en: "Nodes", de: "Knoten" },
  about: {
    en: "Machines that run jobs, and the accounts they run them as.",
    de: "Rechner, die Jobs ausführen, und die Konten, unter denen sie laufen.",
  },
  name: { en: "Node", de: "Knoten" },
  health: { en: "Health", de: "Zustand" },
  account: { en: "Runs jobs as", de: "Führt Jobs aus als" },
  namedOnly: { en: "named credentials only", de: "nur benannte Zugangsdaten" },
  notReported: { en: "not reported yet", de: "noch nicht gemeldet" },
  how: { en: "How", de: "Wie" },
  keys: { en: "Keys", de: "Schlüssel" },
  running: { en: "Running", de: "Läuft" },
  seen: { en: "Seen", de: "Gesehen" },
  showRevoked: { en: "Show revoked nodes", de: "Widerrufene Knoten zeigen" },
  empty: { en: "No node has joined yet", de: "Noch kein Knoten ist beigetreten" },
  emptyHint: {
    en: "Invite one; it joins with the token you are then shown.",
    de: "Laden Sie einen ein; er tritt mit dem dann gezeigten Token bei.",
  },
});
