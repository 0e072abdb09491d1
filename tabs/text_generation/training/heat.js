// Attention as a heat map: props.value is JSON, {tokens, states, bytes}, or "". `states` are those of the model to choose
// from, the newest last: {step, shares, next}. `shares` is how much each token looks at each, rows of uint16 in Base64,
// null of a recurrent network; `next` is what is expected after the text, [token, share]. `bytes`: of the earlier ones.
// A row of the map is a token that looks, a column one that is looked at; the chosen row also tints the sentence.

const canvas = $("canvas");
const slider = $(".moments input");
let [tokens, states, rows, chosen] = [[], [], [], 0];

const seen = (token) => (token === "\n" ? "↵" : token.trim() ? token : "␣");

function load() {
  const value = JSON.parse(props.value || "null");
  $(".heat").toggleAttribute("data-empty", !value);
  const blind = value && !value.states[0].shares;
  $(".heat").toggleAttribute("data-blind", !!blind);
  $(".none").textContent = blind
    ? t("A recurrent network has no attention: what it knows of a text is in its memory alone.")
    : t("Press Look: it shows which characters each character takes what it knows from.");
  if (!value) return;
  const same = value.tokens.join("\n") === tokens.join("\n");
  const back = states.length === value.states.length && Number(slider.value) < states.length - 1; // it is looked back
  [tokens, states] = [value.tokens, value.states];
  chosen = same ? chosen : tokens.length - 1;
  slider.max = String(states.length - 1);
  if (!back) slider.value = slider.max;
  $(".moments").hidden = states.length < 2;
  const size = (value.bytes / 1e6).toFixed(1);
  $(".kept").textContent = fill("{count} states of the model are kept with the run, from its first to its newest; the earlier ones take {size} MB.", { count: states.length, size });
  $(".sentence").setAttribute("aria-label", t("The text; arrow keys go from character to character"));
  $(".sentence").replaceChildren(
    ...tokens.map((token, i) => {
      const node = document.createElement("span");
      node.textContent = seen(token);
      node.dataset.at = i;
      return node;
    }),
  );
  show();
}

// Of the state that the slider says: the map, and what it expects next.
function show() {
  if (!states.length) return;
  const state = states[Number(slider.value)];
  const when = fill("Step {step}", { step: count(state.step) });
  $(".when").textContent = when;
  slider.setAttribute("aria-label", t("State of the model"));
  slider.setAttribute("aria-valuetext", when);
  rows = state.shares ? unpacked(state.shares) : [];
  const most = Math.max(1e-6, ...state.next.map(([, share]) => share));
  $(".next").hidden = !state.next.length;
  $(".next h2").textContent = t("What it expects next");
  $(".bars").replaceChildren(...state.next.flatMap(([token, share]) => bar(token.replaceAll("\n", "↵").replaceAll(" ", "␣"), share, most)));
  if (rows.length) paint();
}

function unpacked(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const numbers = Array.from(new Uint16Array(bytes.buffer), (number) => number / 65535);
  return tokens.map((_, i) => numbers.slice(i * tokens.length, (i + 1) * tokens.length));
}

// 87.3%, 100%, of what is hardly ever expected one digit: 0.02%.
const percent = (share) => (share < 0.001 ? Number((100 * share).toPrecision(1)) : (100 * share).toFixed(1).replace(/\.0$/, "")) + "%";

function bar(token, share, most) {
  const [name, line, number] = ["span", "i", "span"].map((tag) => document.createElement(tag));
  Object.assign(name, { className: "name", textContent: token, title: token });
  Object.assign(number, { className: "number", textContent: percent(share) });
  line.append(document.createElement("b"));
  line.firstChild.style.width = `${(100 * share) / most}%`;
  return [name, line, number];
}

function paint() {
  if (!rows.length || !element.isConnected) return;
  const row = rows[chosen];
  const most = Math.max(1e-6, ...row);
  [...$(".sentence").children].forEach((node, i) => {
    node.classList.toggle("chosen", i === chosen);
    node.style.setProperty("--share", `${(100 * row[i]) / most}%`);
  });
  const best = row.indexOf(Math.max(...row));
  const words = { one: seen(tokens[chosen]), other: seen(tokens[best]), share: (100 * row[best]).toFixed(0) + "%" };
  const told = fill("“{one}” looks most at “{other}”: {share} of its attention.", words);
  if ($(".told").textContent !== told) $(".told").textContent = told;
  canvas.setAttribute("aria-label", `${t("Attention: each row a character that looks, each column one that it looks at")}. ${told}`);
  draw();
}

function draw() {
  const side = canvas.clientWidth;
  if (!side) return;
  const scale = window.devicePixelRatio || 1;
  if (canvas.height !== Math.round(side * scale)) canvas.width = canvas.height = Math.round(side * scale);
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(element);
  const letters = tokens.length <= 48;
  const edge = letters ? Math.max(14, Math.min(24, side / (tokens.length + 2))) : 0;
  const cell = (side - edge) / tokens.length;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, side, side);
  pen.fillStyle = "#f97316";
  rows.forEach((row, i) =>
    row.forEach((share, j) => {
      pen.globalAlpha = Math.min(1, share ** 0.6); // so that the small ones are seen too
      pen.fillRect(edge + j * cell, edge + i * cell, cell + 0.3, cell + 0.3);
    }),
  );
  pen.globalAlpha = 1;
  pen.fillStyle = pen.strokeStyle = style.getPropertyValue("--body-text-color");
  pen.strokeRect(edge + 0.5, edge + chosen * cell + 0.5, side - edge - 1, cell - 1);
  if (letters) {
    pen.font = `${Math.min(edge - 2, cell)}px ${style.fontFamily}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    tokens.forEach((token, i) => {
      const [letter, at] = [[...seen(token)][0], edge + (i + 0.5) * cell];
      pen.fillText(letter, at, edge / 2);
      pen.fillText(letter, edge / 2, at);
    });
  }
  canvas.rowAt = (y) => Math.floor((y - edge) / cell);
}

function choose(at) {
  if (!(at >= 0 && at < tokens.length) || at === chosen) return;
  chosen = at;
  paint();
}

slider.addEventListener("input", show);
for (const kind of ["pointermove", "click"]) canvas.addEventListener(kind, (event) => canvas.rowAt && choose(canvas.rowAt(event.offsetY)));
for (const kind of ["pointerover", "click"])
  $(".sentence").addEventListener(kind, (event) => event.target.dataset.at && choose(Number(event.target.dataset.at)));
$(".sentence").addEventListener("keydown", (event) => {
  const there = { ArrowRight: chosen + 1, ArrowLeft: chosen - 1, Home: 0, End: tokens.length - 1 }[event.key];
  if (there === undefined || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  choose(there);
});
new ResizeObserver(() => paint()).observe(element);
new MutationObserver(() => paint()).observe(document.body, { attributeFilter: ["class"] }); // dark mode
watch("value", load);
load();
