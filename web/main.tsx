import "./dom/trusted_types.ts";
import { render } from "solid-js/web";
import { remembersDevice } from "./engine/page_sentinel.ts";
import { startEngine } from "./engine/remote_engine.ts";
import { chooseLanguage, language, setLanguage } from "./i18n/language.ts";
import { createApp } from "./state/app.ts";
import { AppContext } from "./state/app_context.ts";
import { createAppUpdate } from "./state/app_update.ts";
import { prepareTimes } from "./state/clock_text.ts";
import { storedLanguage } from "./state/language_choice.ts";
import { showTheme, storedTheme } from "./state/theme.ts";
import "./styles/tokens.css";
import "./styles/fonts.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/badges.css";
import "./styles/feedback.css";
import "./styles/entry.css";
import { Root } from "./views/root.tsx";

// Begun before all else: the engine takes longer to open.
const lastList = remembersDevice()
  ? import("./engine/last_list.ts").then(({ readLastList }) => readLastList()).catch(() => undefined)
  : undefined;

await setLanguage(
  chooseLanguage(new URLSearchParams(location.search).get("lang") ?? storedLanguage(), navigator.languages),
);
document.documentElement.lang = language;
showTheme(storedTheme());

/** An engine that does not answer must not keep a new version waiting, in ms. */
const longestFlushMs = 1_000;

render(() => {
  const app = createApp(startEngine, remembersDevice(), lastList);
  const update = createAppUpdate({
    container: import.meta.env.PROD ? navigator.serviceWorker : undefined,
    reloadPage: () => {
      const late = new Promise((resolve) => setTimeout(resolve, longestFlushMs));
      void Promise.race([app.drafts.flush(), late]).then(() => location.reload());
    },
    onVisible: (run) =>
      document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && run()),
  });
  return (
    <AppContext.Provider value={app}>
      <Root update={update} />
    </AppContext.Provider>
  );
}, document.getElementById("app")!);
if (remembersDevice()) setTimeout(() => prepareTimes(Date.now()));
