/** The nonce of this document, for styles that libraries make at run time (Mantine, get-nonce, CodeMirror). */
export const styleNonce: string = document.querySelector<HTMLMetaElement>("meta[property='csp-nonce']")?.nonce ?? "";
