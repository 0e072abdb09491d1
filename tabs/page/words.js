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

// A function that has `draw` called at the next frame, once however often it is asked, while the component is there.
function eachFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (element.isConnected) draw();
    });
  };
}

// A function that puts a sentence on `node`; while it stays the same and something goes on, the seconds stand beside it.
function stopwatch(node) {
  const clock = document.createElement("span");
  clock.ariaHidden = true; // a screen reader would say each second
  node.after(clock);
  let [since, going] = [0, false];
  const tick = () => {
    const seconds = Math.floor((Date.now() - since) / 1000);
    clock.textContent = going && seconds >= 2 ? fill("{seconds} s", { seconds }) : "";
  };
  setInterval(() => element.isConnected && tick(), 1000);
  return (sentence, busy) => {
    if (node.textContent !== sentence || going !== busy) since = Date.now();
    if (node.textContent !== sentence) node.textContent = sentence;
    going = busy && !!sentence;
    tick();
  };
}

// Calls `act` with a sentence when what the program was making for this page is lost, see connection/lasting.js.
const onLost = (act) => window.addEventListener("aigc-lost", (event) => element.isConnected && act(event.detail));

// Ctrl+Enter presses the button "start" of what is shown, Esc the button "stop"; `controls` gives their element ids.
// A key is left alone while an input method composes, where something lies over the page (an enlarged picture, a
// panel: the key closes it), and Esc also in a field that uses it. `mine` says whether Esc may stop what goes on.
const USES_ESC = "[role=combobox], [role=listbox], [role=menu], [role=dialog], select, input[type=number], [contenteditable=true]";
function keys(controls, mine = () => true) {
  let closes = false; // asked before anyone has acted on the key
  const handle = (event) => {
    const name = event.key === "Enter" && (event.ctrlKey || event.metaKey) ? "start" : event.key === "Escape" ? "stop" : "";
    if (!name || closes || event.defaultPrevented || event.repeat || event.isComposing || event.keyCode === 229) return;
    if (!element.isConnected || element.offsetParent === null || event.target.closest?.(".own-keys")) return;
    if (name === "stop" && (event.target.closest?.(USES_ESC) || !mine())) return;
    const node = document.getElementById(controls[name]);
    if (!node || node.disabled) return;
    event.preventDefault(); // another view may share the keys
    document.activeElement?.blur?.(); // hands its text in
    setTimeout(() => node.click(), 60);
  };
  window.addEventListener("keydown", () => (closes = covered()), true);
  document.addEventListener("keydown", handle);
}

// Whether something lies over the page.
function covered() {
  if (document.fullscreenElement || document.querySelector("dialog[open]")) return true;
  let node = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
  while (node && node !== document.body && getComputedStyle(node).position !== "fixed") node = node.parentElement;
  return !!node && node !== document.body && node !== document.documentElement;
}
