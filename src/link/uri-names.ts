/** The URI names of a certificate, from the text that Node gives as `subjectaltname`. Node quotes an entry that holds special characters: such a one is not ours and is left out. */
export const uriNamesOf = (subjectAltName: string | undefined): string[] =>
  (subjectAltName ?? "")
    .split(", ")
    .filter((entry) => entry.startsWith("URI:"))
    .map((entry) => entry.slice("URI:".length));
