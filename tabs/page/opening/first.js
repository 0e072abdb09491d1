// Runs before anything else of the page: Gradio and all components ask `navigator` for the language.
// LOCALES, code -> locale, and COOKIE are put before it by served.py. What the address says goes before what this
// browser has kept, and both before what the browser asks for.
{
  const asked = new URLSearchParams(location.search).get("lang");
  const kept = document.cookie.match(`(?:^|; )${COOKIE}=([\\w-]+)`)?.[1];
  const chosen = [asked, kept].find((code) => code && Object.hasOwn(LOCALES, code)) ?? "";
  window.aigcLanguage = {
    chosen,
    choose(code) {
      const year = 365 * 24 * 3600;
      document.cookie = `${COOKIE}=${code}; max-age=${year}; path=/; SameSite=Lax`;
    },
  };
  if (chosen) {
    window.aigcLanguage.choose(chosen);
    for (const [name, value] of [["language", LOCALES[chosen]], ["languages", [LOCALES[chosen]]]])
      Object.defineProperty(navigator, name, { get: () => value, configurable: true });
  }

  // Behind a proxy that serves the page under a subpath, of which the program must know: else every button is dead.
  const bare = (path) => path.replace(/\/+$/, "");
  addEventListener("DOMContentLoaded", () => {
    const { root, i18n_translations: tables = {} } = window.gradio_config ?? {};
    const here = bare(location.pathname);
    if (root === undefined || here === bare(new URL(root || "/", location.href).pathname)) return;
    const language = [navigator.language, navigator.language.split("-")[0]].find((code) => Object.hasOwn(tables, code));
    const t = (text) => tables[language]?.[text] ?? text;
    const sentence = t("This page stands at {path}, but the program does not know that, so nothing here works. Whoever runs it should start it with --root-path {path}");
    const note = document.createElement("p");
    note.setAttribute("role", "alert");
    note.style.cssText = "margin:0;padding:12px 16px;background:#b91c1c;color:#fff;font:16px system-ui,sans-serif";
    note.textContent = sentence.replaceAll("{path}", here);
    document.body.prepend(note);
  });
}
// A list that is left by Tab: Gradio 6.31 opens it again behind the one who left it. It needs not know of that key.
addEventListener(
  "keydown",
  (event) => event.key === "Tab" && event.target.matches?.("input[role=combobox]") && event.stopPropagation(),
  true,
);
// Whether the visitor has chosen a tab by now: then what a link asked for is not put in its place.
addEventListener(
  "click",
  (event) => {
    const list = event.isTrusted && event.target.closest?.("[role=tab][aria-selected=false]")?.closest("[role=tablist]");
    if (list && list === document.querySelector("[role=tablist]")) window.aigcChose = true;
  },
  true,
);
