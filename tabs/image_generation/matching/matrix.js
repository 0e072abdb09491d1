// A panel of the live view, behind "scrub": how near each picture, a row, is to each name, a column. What is written of a step is
// the matrix, a letter for each shade, row by row; its starts are the names, a line for each, by language.

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-";
const COLUMNS = 6; // of the sheet of pictures
const HELD = 3; // a third of the emoji, the last ones, is held out
const matrices = new Map(); // step -> {texts, starts}, of the history as far as it is here
const sheet = new Image();
let at = null; // [row, column] that is pointed at
let cell = 0; // pixels
let margins = [0, 0]; // left of the matrix and above it

panels.push({
  forget() {
    matrices.clear();
    sheet.removeAttribute("src");
  },
  take(news) {
    if (news.reference) sheet.src = news.reference;
    if (news.written_steps !== undefined) run.steps = news.written_steps;
    if (news.written) matrices.set(news.written.step, news.written);
    const kept = new Set(stepsOf());
    for (const step of matrices.keys()) if (!kept.has(step)) matrices.delete(step);
  },
  paint: paintMatrix,
});
sheet.onload = () => paintMatrix();

Object.assign(scrub, { name: () => t("History of the matrix"), see: () => fetchHistory(matrices, "written") });
const shownOf = () => matrices.get(shownStep());

// The names in the reader's language, and the shades from 0 to 1, row by row.
function shadesOf(shown) {
  const names = (shown.starts[language.startsWith("zh") ? 1 : 0] ?? "").split("\n");
  const shades = [...(shown.texts[0] ?? "")].map((letter) => LETTERS.indexOf(letter) / (LETTERS.length - 1));
  return shades.length === names.length ** 2 ? { names, shades } : null;
}

function paintMatrix() {
  text(".pairing-title", t("How near each picture is to each name"));
  text(".pairing-step", shownCaption());
  const shown = shownOf();
  const value = shown && shadesOf(shown);
  const told = value ? toldOf(value) : t("The matrix will stand here within seconds of the start.");
  text(".pairing-told", told);
  $("canvas.pairs").setAttribute("aria-label", `${t("How near each picture is to each name")}. ${shownCaption()}. ${told}`);
  drawMatrix(value);
}

// How many pictures have their own name nearest, or what is pointed at.
function toldOf({ names, shades }) {
  const n = names.length;
  if (at) {
    const [row, column] = at;
    const words = { picture: names[row], name: names[column], near: shades[row * n + column].toFixed(2) };
    return fill("The picture of “{picture}” and the name “{name}”: {near} above the mean of its row.", words);
  }
  const right = names.map((_, i) => shades.slice(i * n, (i + 1) * n)).map((row, i) => row.every((shade, j) => j === i || shade < row[i]));
  const learnt = n - Math.floor(n / HELD);
  const counts = { learnt, held: n - learnt, found: right.slice(0, learnt).filter(Boolean).length, others: right.slice(learnt).filter(Boolean).length };
  return fill("Nearest to their own name: {found} of {learnt} pictures that are learnt from, {others} of the {held} below the line, which it never sees.", counts);
}

function drawMatrix(value) {
  const canvas = $("canvas.pairs");
  const [side, high] = [canvas.clientWidth, canvas.clientHeight];
  if (!side) return;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(side * ratio), Math.round(high * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, side, high);
  if (!value) return;
  const { names, shades } = value;
  const n = names.length;
  const style = getComputedStyle(element);
  cell = (side - 8) / (n + 1); // a column is the pictures'
  margins = [cell + 5, high - n * cell - 2];
  pen.fillStyle = "#f97316";
  shades.forEach((shade, i) => {
    pen.globalAlpha = Math.min(1, shade ** 0.8);
    pen.fillRect(margins[0] + (i % n) * cell, margins[1] + Math.floor(i / n) * cell, cell - 0.5, cell - 0.5);
  });
  pen.globalAlpha = 1;
  pen.fillStyle = pen.strokeStyle = style.getPropertyValue("--body-text-color");
  pen.strokeRect(margins[0] - 0.5, margins[1] - 0.5, n * cell + 1, n * cell + 1);
  const learnt = n - Math.floor(n / HELD);
  pen.setLineDash([4, 3]);
  pen.beginPath();
  pen.moveTo(0, margins[1] + learnt * cell);
  pen.lineTo(margins[0] + n * cell, margins[1] + learnt * cell);
  pen.moveTo(margins[0] + learnt * cell, 0);
  pen.lineTo(margins[0] + learnt * cell, margins[1] + n * cell);
  pen.stroke();
  pen.setLineDash([]);
  pen.font = `${Math.max(8, Math.min(12, cell * 0.6))}px ${style.fontFamily}`;
  pen.textBaseline = "middle";
  names.forEach((name, i) => {
    pen.save();
    pen.translate(margins[0] + (i + 0.5) * cell, margins[1] - 4);
    pen.rotate(-Math.PI / 2);
    pen.fillText(name, 0, 0, margins[1] - 6);
    pen.restore();
  });
  if (sheet.naturalWidth) {
    const tile = sheet.naturalWidth / COLUMNS;
    names.forEach((_, i) => pen.drawImage(sheet, (i % COLUMNS) * tile, Math.floor(i / COLUMNS) * tile, tile, tile, 1, margins[1] + i * cell + 0.5, cell - 1, cell - 1));
  }
  if (at) pen.strokeRect(margins[0] + at[1] * cell, margins[1] + at[0] * cell, cell - 0.5, cell - 0.5);
}

// --- pointing -----------------------------------------------------------------------------------------

function pointAt(event) {
  const n = cell && Math.round(Math.sqrt(shownOf()?.texts[0]?.length ?? 0));
  const [column, row] = [Math.floor((event.offsetX - margins[0]) / cell), Math.floor((event.offsetY - margins[1]) / cell)];
  const there = n && row >= 0 && row < n && column >= 0 && column < n ? [row, column] : null;
  if (String(there) === String(at)) return;
  at = there;
  paintMatrix();
}

// Listeners sit on the component's root, whose children Gradio may put in anew.
for (const kind of ["pointermove", "click"])
  element.addEventListener(kind, (event) => event.target.matches("canvas.pairs") && pointAt(event));
element.addEventListener("pointerout", (event) => {
  if (!event.target.matches("canvas.pairs") || !at) return;
  at = null;
  paintMatrix();
});
