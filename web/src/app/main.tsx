/** Where the cockpit begins in the browser: theme, nonce of the styles that are made at run time (W5), queries, and the door or the frame. */
import "@mantine/core/styles.css";
import "#web/app/app.css";
import { createTheme, localStorageColorSchemeManager, MantineProvider, type CSSVariablesResolver } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { setNonce } from "get-nonce";
import { createRoot } from "react-dom/client";
import { App } from "#web/app/app.tsx";
import { sayWhatIsEmpty } from "#web/app/field-messages.ts";
import { queryClient } from "#web/api/query-client.ts";
import { LanguageProvider } from "#web/i18n/language.ts";
import { styleNonce } from "#web/components/style-nonce.ts";

setNonce(styleNonce);
sayWhatIsEmpty();

const theme = createTheme({
  primaryColor: "blue",
  primaryShade: 8,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "18px" },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  // The tokens of `app.css`, so that fields and dialogs have the page's own dark.
  colors: {
    dark: ["#e4e8ee", "#b9c2ce", "#9aa5b5", "#6f7a8a", "#3a4250", "#2c323c", "#20252d", "#1b1f26", "#14171c", "#11141a"],
  },
  // A dialog's head is no banner of the page.
  components: {
    ModalHeader: { defaultProps: { component: "div" } },
    DrawerHeader: { defaultProps: { component: "div" } },
    // What lies above the page is told from it by more than a line.
    Popover: { defaultProps: { shadow: "md" } },
    Menu: { defaultProps: { shadow: "md" } },
    // A list that is closed is neither made nor measured: three of them took a page 20 ms.
    Combobox: { defaultProps: { keepMounted: false } },
  },
});

/** Words that are less important are still read: the library's own grey is too faint on a sunken ground. */
const readable: CSSVariablesResolver = () => ({
  variables: {},
  light: { "--mantine-color-dimmed": "#56606f", "--mantine-color-placeholder": "#667080" },
  dark: { "--mantine-color-dimmed": "#9aa5b5", "--mantine-color-placeholder": "#8a95a5" },
});

const root = document.getElementById("root");
if (root === null) throw new Error("the document has no place for the cockpit");
createRoot(root).render(
  <MantineProvider
    theme={theme}
    cssVariablesResolver={readable}
    defaultColorScheme="auto"
    colorSchemeManager={localStorageColorSchemeManager({ key: "behalf.theme" })}
    getStyleNonce={() => styleNonce}
  >
    <QueryClientProvider client={queryClient}>
      <LanguageProvider>
        <App />
      </LanguageProvider>
    </QueryClientProvider>
  </MantineProvider>,
);
