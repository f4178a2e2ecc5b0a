import { defineTexts } from "#web/i18n/text.ts";

/** Words that several pages use. */
export const commonTexts = defineTexts({
  cancel: { en: "Cancel", de: "Abbrechen" },
  close: { en: "Close", de: "Schließen" },
  save: { en: "Save", de: "Speichern" },
  retry: { en: "Try again", de: "Erneut versuchen" },
  copy: { en: "Copy", de: "Kopieren" },
  copied: { en: "Copied", de: "Kopiert" },
  yes: { en: "Yes", de: "Ja" },
  no: { en: "No", de: "Nein" },
  none: { en: "none", de: "keine" },
  never: { en: "never", de: "nie" },
  loading: { en: "Loading …", de: "Wird geladen …" },
  fillIn: { en: "Fill in this field.", de: "Füllen Sie dieses Feld aus." },
  why: { en: "Why?", de: "Warum?" },
  whyOf: { en: "Why? {subject}", de: "Warum? {subject}" },
  showAll: { en: "Show all", de: "Alle zeigen" },
  inUtc: { en: "{local} local, {utc} UTC", de: "{local} Ortszeit, {utc} UTC" },
  stateQueued: { en: "queued", de: "wartet" },
  stateOffered: { en: "offered", de: "angeboten" },
  stateAccepted: { en: "accepted", de: "angenommen" },
  stateRunning: { en: "running", de: "läuft" },
  stateEnded: { en: "ended", de: "beendet" },
  stateSucceeded: { en: "succeeded", de: "erfolgreich" },
  stateFailed: { en: "failed", de: "fehlgeschlagen" },
  stateTimedOut: { en: "timed out", de: "Zeit überschritten" },
  stateCancelled: { en: "cancelled", de: "abgebrochen" },
  stateRefused: { en: "refused", de: "abgelehnt" },
  stateUnknown: { en: "unknown", de: "unbekannt" },
  stateOnline: { en: "online", de: "verbunden" },
  stateOffline: { en: "offline", de: "getrennt" },
  stateRevoked: { en: "revoked", de: "widerrufen" },
  stateDegraded: { en: "degraded", de: "eingeschränkt" },
});

/** What the states of a page say: empty, loading, stale, offline, broken, partly permitted. */
export const stateTexts = defineTexts({
  broken: { en: "This cannot be shown", de: "Das lässt sich nicht zeigen" },
  unreachable: { en: "The manager cannot be reached", de: "Der Manager ist nicht erreichbar" },
  notPermitted: { en: "Your roles do not show this", de: "Ihre Rollen zeigen das nicht" },
  notFound: { en: "There is nothing here that you may see", de: "Hier ist nichts, was Sie sehen dürfen" },
  stale: { en: "Shown as of {time}; it could not be loaded again", de: "Stand {time}; erneutes Laden ist fehlgeschlagen" },
  pageNotFound: { en: "There is no such page", de: "Diese Seite gibt es nicht" },
  pageNotFoundHint: { en: "The address may be old or mistyped.", de: "Vielleicht ist die Adresse veraltet oder enthält einen Tippfehler." },
  toOverview: { en: "To the overview", de: "Zur Übersicht" },
  code: { en: "Code {code}", de: "Code {code}" },
  notLoaded: { en: "This page could not be loaded", de: "Diese Seite ließ sich nicht laden" },
  notLoadedHint: {
    en: "The cockpit has probably been updated since it was opened.",
    de: "Das Cockpit ist vermutlich aktualisiert worden, seit es geöffnet wurde.",
  },
  crashed: { en: "This page has failed", de: "Diese Seite ist abgestürzt" },
  crashedHint: {
    en: "The rest of the cockpit works. Try this page again, or load the cockpit anew.",
    de: "Der Rest des Cockpits funktioniert weiter. Versuchen Sie die Seite erneut oder laden Sie das Cockpit neu.",
  },
  comesBack: {
    en: "This page opens as soon as the manager answers again.",
    de: "Diese Seite öffnet sich, sobald der Manager wieder antwortet.",
  },
  reload: { en: "Load anew", de: "Neu laden" },
});

export const pageTexts = defineTexts({
  filters: { en: "Filters", de: "Filter" },
});

export const tableTexts = defineTexts({
  countAll: { en: { one: "{count} row", other: "{count} rows" }, de: { one: "{count} Zeile", other: "{count} Zeilen" } },
  countMore: {
    en: { one: "{count} row loaded, more below", other: "{count} rows loaded, more below" },
    de: { one: "{count} Zeile geladen, unten folgen mehr", other: "{count} Zeilen geladen, unten folgen mehr" },
  },
  countOf: {
    en: "{loaded} of {total} rows loaded",
    de: "{loaded} von {total} Zeilen geladen",
  },
  loadingMore: { en: "Loading more …", de: "Mehr wird geladen …" },
  moreFailed: { en: "The next rows could not be loaded", de: "Die nächsten Zeilen ließen sich nicht laden" },
  noRows: { en: "Nothing here yet", de: "Noch nichts vorhanden" },
  noMatch: { en: "Nothing matches these filters", de: "Nichts passt zu diesen Filtern" },
  clearFilters: { en: "Clear filters", de: "Filter entfernen" },
  savedFilters: { en: "Saved filters", de: "Gespeicherte Filter" },
  saveFilter: { en: "Save this filter", de: "Diesen Filter speichern" },
  filterName: { en: "Name of the filter", de: "Name des Filters" },
  deleteFilter: { en: "Delete filter {name}", de: "Filter {name} löschen" },
  noSavedFilters: { en: "None saved yet", de: "Noch keine gespeichert" },
});

export const confirmTexts = defineTexts({
  brings: { en: "This comes with it:", de: "Das bringt die Änderung mit sich:" },
  actSure: { en: "Confirm: {action}", de: "Bestätigen: {action}" },
  typeName: { en: "Type {name} to confirm", de: "Zur Bestätigung {name} eingeben" },
  unsavedTitle: { en: "Leave without saving?", de: "Ohne Speichern verlassen?" },
  unsavedText: { en: "What you changed on this page is not saved.", de: "Was Sie auf dieser Seite geändert haben, ist nicht gespeichert." },
  leave: { en: "Leave", de: "Verlassen" },
  stay: { en: "Stay", de: "Bleiben" },
});
