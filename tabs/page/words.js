// What every component's script begins with: the visitor's language, and sentences in it.
// `element`, `props`, `server`, `trigger` and `watch` are given by Gradio (gr.HTML, js_on_load). The tables are those
// that language.py gave to gr.I18n, which are on the page anyway; what a table lacks stays English.

const $ = (selector) => element.querySelector(selector);
const tables = window.gradio_config?.i18n_translations ?? {};
const asked = navigator.language || "en";
const language = [asked, asked.split("-")[0]].find((code) => Object.hasOwn(tables, code)) ?? "en";
const t = (text) => (Object.hasOwn(tables, language) && Object.hasOwn(tables[language], text) ? tables[language][text] : text);

// A Message of the server, {template, values}, or a plain sentence.
function say(message) {
  if (message === null || message === undefined) return "";
  if (typeof message !== "object") return t(String(message));
  return t(message.template).replace(/\{(\w+)\}/g, (all, name) =>
    name in message.values ? say(message.values[name]) : all,
  );
}

const fill = (template, values) => say({ template, values });
const count = (number) => Math.round(number).toLocaleString(language === "en" ? "en-US" : language);
