// Runs before the first paint, so that the page never flashes in the other theme: a script of its own, since the document has no inline code (W5).
(() => {
  let theme = null;
  let language = null;
  try {
    theme = localStorage.getItem("behalf.theme");
    language = localStorage.getItem("behalf.language");
  } catch {}
  const root = document.documentElement;
  const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.mantineColorScheme = dark ? "dark" : "light";
  root.lang = language === "de" || (language !== "en" && navigator.language.startsWith("de")) ? "de" : "en";
})();
