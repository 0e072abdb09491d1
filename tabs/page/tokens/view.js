// Shows a text token by token, tinted by doubt, and what else the model might have said.
// props.value is lines of JSON: [text, probability, [[text, probability] x 5], shown, place among these], where a
// probability that is not known is null, {"note": message, "share": 0..1} or, when nothing more will come, {"end": true}. Lines only ever get appended while a text is written, so each is painted once.

let painted = ""; // the part of props.value that is on the page
let tokens = [];
let chosen = null;
let told; // the token whose alternatives stand there; undefined before anything does
let writing = false;

function paint() {
  $(".look summary").hidden = !props.folded;
  $(".look summary").textContent = say(props.folded);
  const value = props.value || "";
  if (!value.startsWith(painted)) {
    painted = "";
    tokens = [];
    chosen = null;
    $(".text").replaceChildren();
    note({ note: "", share: null });
  }
  writing = value !== "" && !value.endsWith('{"end":true}\n');
  setButtons();
  const lines = value.slice(painted.length).split("\n").filter(Boolean);
  painted = value;
  const box = $(".text");
  const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 30;
  for (const line of lines) {
    const part = JSON.parse(line);
    if (Array.isArray(part)) add(part);
    else if (!part.end) note(part);
  }
  tell(said, writing && !tokens.length);
  $(".legend").textContent = tokens.some((token) => token[1] !== null) ? t("The stronger the tint, the less likely was the word.") : "";
  if (atEnd) box.scrollTop = box.scrollHeight;
  box.dataset.empty = t("The text appears here. Point at a word to see what else the model might have said.");
  box.setAttribute("aria-label", t("Generated text; arrow keys go from token to token"));
  if (chosen === null) inside();
}

const tell = stopwatch($(".note"));
let said = "";
function note(part) {
  said = say(part.note);
  const known = typeof part.share === "number";
  $(".bar").hidden = !known;
  if (known) $(".bar i").style.width = 100 * part.share + "%";
}

// A token that adds no character, such as a part of one, shows what it is, and is no part of the text.
function add(token) {
  const node = document.createElement("span");
  node.textContent = token[0];
  if (!SEEN.test(token[0])) node.dataset.part = token[0].includes("\n") ? "↵" : token[0] ? "·" : visible(token[3]);
  node.dataset.at = tokens.length;
  node.style.setProperty("--doubt", (0.45 * (1 - (token[1] ?? 1)) ** 1.5).toFixed(3));
  tokens.push(token);
  $(".text").appendChild(node);
}

const percent = (p) => (100 * p < 0.1 ? "< 0.1%" : (100 * p).toFixed(p < 0.0995 ? 1 : 0) + "%");
const SEEN = /[^\p{Cc}\p{Cf}\p{Cn}\p{Mn}\p{Me}]/u; // something that has a width
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const code = (letter) => "⟨U+" + letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "⟩";
const NAMES = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const visible = (text) => text.replace(HIDDEN, (letter) => NAMES[letter] ?? code(letter)) || "␀";

function inside() {
  const token = chosen === null ? null : tokens[chosen];
  if (!token && told === null) return; // a screen reader would say it again
  told = token;
  const unknown = token && token[1] === null;
  $(".which").textContent = unknown
    ? t("How likely this was is not known")
    : token
    ? fill("“{text}” had {share} of the probability", { text: visible(token[3]), share: percent(token[1]) })
    : t("What else might it have said?");
  const rows = [];
  for (const [place, [text, p]] of (token ? token[2] : []).entries()) {
    const [name, bar, number] = ["code", "i", "span"].map((tag) => document.createElement(tag));
    name.textContent = visible(text);
    bar.style.width = 100 * p + "%";
    bar.classList.toggle("taken", place === token[4]);
    number.textContent = percent(p);
    rows.push(name, bar, number);
  }
  $(".alternatives").replaceChildren(...rows);
}

// Starting is for when nothing is written in the panel, stopping for when something is; views may share buttons.
function setButtons() {
  for (const [name, cannot] of [
    ["start", t("It is being written; Stop ends it")],
    ["stop", t("Nothing is being written now")],
  ]) {
    const node = document.getElementById(props.controls[name]);
    if (!node) continue;
    node.writers = node.writers || new Set();
    writing ? node.writers.add(element) : node.writers.delete(element);
    node.disabled = name === "start" ? node.writers.size > 0 : node.writers.size === 0;
    node.title = node.disabled ? cannot : "";
  }
}

function choose(at) {
  const spans = $(".text").children;
  if (chosen !== null && spans[chosen]) spans[chosen].classList.remove("chosen");
  chosen = at;
  if (spans[at]) spans[at].classList.add("chosen");
  inside();
}

for (const kind of ["pointerover", "click"])
  element.addEventListener(kind, (event) => {
    const at = event.target.dataset && event.target.dataset.at;
    if (at !== undefined) choose(Number(at));
  });
element.addEventListener("keydown", (event) => {
  const { key, ctrlKey, metaKey } = event;
  const last = tokens.length - 1;
  const here = chosen === null ? -1 : chosen;
  const there = { ArrowRight: here + 1, ArrowLeft: here - 1, Enter: Math.max(0, here), Home: 0, End: last }[key];
  if (there === undefined || ctrlKey || metaKey || !event.target.matches(".text") || last < 0) return;
  event.preventDefault();
  choose(Math.min(last, Math.max(0, there)));
  $(".text").children[chosen].scrollIntoView({ block: "nearest" });
});

onLost((sentence) => {
  if (writing) props.value += JSON.stringify({ note: sentence, share: null }) + '\n{"end":true}\n';
  paint();
});
keys(props.controls);
watch("value", paint);
paint();
if (props.folded) $(".look").open = false;
setTimeout(setButtons, 500); // the page may make the buttons after this
