// Draws where the real points lie. props.value is the text of engines/points_training/drawing.py: strokes parted by
// dots, four hexadecimal digits a corner (two to the right, two upwards).

const SIDE = 255;
const NEAR = 3; // steps of the 255 that a corner must be from the one before
const STRIDE = 8; // of an arrow key; with Shift 1
const FULL = props.longest; // characters
const board = $("canvas");
let strokes = [];
let pen = null; // the stroke that is being drawn
let cursor = null; // of the keyboard, [right, up]
let mine = null; // the value that was made here

const digits = (number) => number.toString(16).padStart(2, "0");
const written = () => strokes.map((stroke) => stroke.map(([x, y]) => digits(x) + digits(y)).join("")).join(".");

function read(text) {
  if (!/^([0-9a-f]{4})+(\.([0-9a-f]{4})+)*$/.test(text)) return [];
  const corner = (four) => [parseInt(four.slice(0, 2), 16), parseInt(four.slice(2), 16)];
  return text.split(".").map((part) => part.match(/.{4}/g).map(corner));
}

function draw() {
  const side = board.clientWidth;
  const scale = window.devicePixelRatio || 1;
  if (!side) return;
  if (board.height !== Math.round(side * scale)) board.width = board.height = Math.round(side * scale);
  const view = board.getContext("2d");
  view.setTransform(scale, 0, 0, scale, 0, 0);
  view.clearRect(0, 0, side, side);
  view.strokeStyle = view.fillStyle = getComputedStyle(board).getPropertyValue("--theirs");
  view.lineWidth = 5;
  view.lineCap = view.lineJoin = "round";
  const place = ([x, y]) => [(x / SIDE) * side, side - (y / SIDE) * side];
  for (const stroke of strokes) {
    view.beginPath();
    for (const corner of stroke) view.lineTo(...place(corner));
    view.stroke();
    view.beginPath(); // a stroke of one corner is a dot
    view.arc(...place(stroke[0]), 2.5, 0, 6.3);
    view.fill();
  }
  if (cursor) {
    const [x, y] = place(cursor);
    view.strokeStyle = getComputedStyle(board).color;
    view.lineWidth = pen ? 3 : 1.5;
    view.beginPath();
    for (const [dx, dy] of [[9, 0], [0, 9]]) {
      view.moveTo(x - dx, y - dy);
      view.lineTo(x + dx, y + dy);
    }
    view.stroke();
  }
}

function show() {
  $(".undo").disabled = $(".empty").disabled = !strokes.length;
  const full = written().length >= FULL - 5;
  $(".told").textContent = full ? t("The square is full.") : strokes.length ? fill("{n} lines and dots", { n: count(strokes.length) }) : "";
  draw();
}

function keep() {
  mine = props.value = written();
  show();
  trigger("input");
}

function load() {
  if (props.value === mine) return;
  mine = props.value;
  strokes = read(props.value || "");
  pen = null;
  show();
}

function begin(corner) {
  if (written().length > FULL - 5) return;
  pen = [corner];
  strokes.push(pen);
  draw();
}

function go(corner) {
  const [x, y] = pen.at(-1);
  if (Math.hypot(corner[0] - x, corner[1] - y) < NEAR || written().length > FULL - 5) return;
  pen.push(corner);
  draw();
}

function end() {
  if (!pen) return;
  pen = null;
  keep();
}

const inside = (number) => Math.max(0, Math.min(SIDE, Math.round(number)));
const under = (event) => {
  const box = board.getBoundingClientRect();
  return [inside(((event.clientX - box.left) / box.width) * SIDE), inside(SIDE - ((event.clientY - box.top) / box.height) * SIDE)];
};

board.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  event.preventDefault();
  board.setPointerCapture(event.pointerId);
  cursor = null;
  begin(under(event));
});
board.addEventListener("pointermove", (event) => pen && !cursor && (event.getCoalescedEvents?.() ?? [event]).forEach((each) => go(under(each))));
for (const name of ["pointerup", "pointercancel"]) board.addEventListener(name, () => cursor || end());

// With the keyboard: arrows move a cross, Space puts the pen down and lifts it.
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
board.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const way = WAYS[event.key];
  if (!way && event.key !== " ") return;
  event.preventDefault();
  cursor ??= [128, 128];
  if (way) {
    const far = event.shiftKey ? 1 : STRIDE;
    cursor = [inside(cursor[0] + far * way[0]), inside(cursor[1] + far * way[1])];
    if (pen) go(cursor);
  } else if (pen) {
    go(cursor);
    end();
  } else {
    begin(cursor);
  }
  draw();
});
board.addEventListener("blur", () => {
  if (cursor) end();
  cursor = null;
  draw();
});

$(".undo").addEventListener("click", () => {
  strokes.pop();
  keep();
});
$(".empty").addEventListener("click", () => {
  strokes = [];
  keep();
});
$(".heading").textContent = t("Your drawing: where the real points lie");
$(".how").textContent = t("Draw lines and dots. With the keyboard: arrow keys move the pen, Space sets it down and lifts it.");
board.setAttribute("aria-label", `${$(".heading").textContent}. ${$(".how").textContent}`);
$(".undo").textContent = t("Undo");
$(".empty").textContent = t("Empty it");
new ResizeObserver(() => draw()).observe(element);
new MutationObserver(() => draw()).observe(document.body, { attributeFilter: ["class"] }); // dark mode
watch("value", load);
load();
show();
