// The map of a VAE. props.value is JSON, see view.py: places on the plane, and pictures of what is decoded there.

const NEAR = 14; // pixels around a point that count as on it
const tint = (i) => `hsl(${(137.5 * i + 20) % 360} 65% 52%)`; // as in the live view's scatter.js
const ground = $(".ground");
let map = null;
let at = [0, 0]; // where on the plane
let chosen = -1; // the number of a picture
let [grid, pictures, redrawn] = [null, null, null];

async function load() {
  const wanted = props.value;
  const next = wanted ? JSON.parse(wanted) : null;
  const images = next && (await Promise.all([next.grid, next.pictures, next.redrawn].map(picture)));
  if (wanted !== props.value) return; // another came meanwhile
  $(".map").toggleAttribute("data-empty", !next);
  if (!next) return (map = null);
  const numbers = (text) => text.split(",").map(Number);
  const [us, vs] = next.places.map(numbers);
  map = { ...next, us, vs, spreads: next.spreads.map(numbers), labels: numbers(next.labels) };
  [grid, pictures, redrawn] = images;
  [at, chosen] = [[0, 0], -1];
  $(".names").replaceChildren(...map.class_names.map(named));
  ground.setAttribute("aria-label", fill("Map of the latent space: {n} pictures. Arrow keys move, Enter chooses the nearest picture.", { n: count(us.length) }));
  paint();
}

async function picture(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

function named(name, i) {
  const entry = document.createElement("span");
  entry.textContent = t(name);
  entry.style.setProperty("--tint", tint(i));
  return entry;
}

// --- painting ---------------------------------------------------------------------------------------------

// Pixels of a place, and back.
const x = (u, side) => (u / map.reach + 1) * (side / 2);
const y = (v, side) => (1 - v / map.reach) * (side / 2);
const placeOf = (px, py, side) => [(px / (side / 2) - 1) * map.reach, (1 - py / (side / 2)) * map.reach];

const paint = eachFrame(() => map && draw());

function draw() {
  const side = ground.clientWidth;
  if (!side) return;
  const scale = window.devicePixelRatio || 1;
  if (ground.height !== Math.round(side * scale)) ground.width = ground.height = Math.round(side * scale);
  const pen = ground.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, side, side);
  drawGround(pen, side);
  drawPoints(pen, side);
  drawPrior(pen, side);
  if (chosen >= 0) drawEllipse(pen, side);
  drawCursor(pen, side);
  tell();
}

// As many of the decoded pictures as can be seen, faint.
function drawGround(pen, side) {
  const shown = Math.max(4, Math.min(map.cells, Math.floor(side / Math.max(26, map.size))));
  const [tile, size] = [side / shown, map.size];
  pen.globalAlpha = 0.5;
  for (let row = 0; row < shown; row++)
    for (let column = 0; column < shown; column++) {
      const [i, j] = [row, column].map((k) => Math.floor(((k + 0.5) / shown) * map.cells));
      pen.drawImage(grid, j * size, i * size, size, size, column * tile, row * tile, tile, tile);
    }
  pen.globalAlpha = 1;
}

function drawPoints(pen, side) {
  map.us.forEach((u, i) => {
    pen.fillStyle = tint(map.labels[i]);
    pen.beginPath();
    pen.arc(x(u, side), y(map.vs[i], side), i === chosen ? 5 : 2.5, 0, 6.3);
    pen.fill();
  });
}

// Two standard deviations of the prior.
function drawPrior(pen, side) {
  pen.strokeStyle = getComputedStyle(element).getPropertyValue("--body-text-color");
  pen.setLineDash([5, 5]);
  pen.beginPath();
  pen.arc(x(map.prior[0], side), y(map.prior[1], side), side / map.reach, 0, 6.3);
  pen.stroke();
  pen.setLineDash([]);
}

// Two standard deviations of q(z|x), from its covariance on the plane.
function drawEllipse(pen, side) {
  const [a, b, c] = map.spreads.map((column) => column[chosen]);
  const [middle, off] = [(a + c) / 2, Math.hypot((a - c) / 2, b)];
  const radius = (variance) => Math.max(2, (2 * Math.sqrt(Math.max(0, variance)) * side) / 2 / map.reach);
  pen.lineWidth = 2;
  pen.strokeStyle = getComputedStyle(element).getPropertyValue("--color-accent");
  pen.beginPath();
  const turn = -Math.atan2(2 * b, a - c) / 2;
  pen.ellipse(x(map.us[chosen], side), y(map.vs[chosen], side), radius(middle + off), radius(middle - off), turn, 0, 6.3);
  pen.stroke();
  pen.lineWidth = 1;
}

function drawCursor(pen, side) {
  const [px, py] = [x(at[0], side), y(at[1], side)];
  for (const [color, width] of [["#000", 4], ["#fff", 2]]) {
    [pen.strokeStyle, pen.lineWidth] = [color, width];
    pen.beginPath();
    pen.arc(px, py, 8, 0, 6.3);
    pen.stroke();
  }
  pen.lineWidth = 1;
}

// --- the pictures beside it -------------------------------------------------------------------------------

function tell() {
  const size = map.size;
  const cell = (share) => Math.max(0, Math.min(map.cells - 1, Math.floor(share * map.cells)));
  const [column, row] = [cell((at[0] / map.reach + 1) / 2), cell((1 - at[1] / map.reach) / 2)];
  show($(".decoded"), grid, column, row);
  const place = { u: at[0].toFixed(2), v: at[1].toFixed(2) };
  const here = map.latent === 2 ? fill("Decoded at z = ({u}, {v})", place) : fill("Decoded at ({u}, {v}) of the plane", place);
  $(".here").textContent = here;
  $(".decoded").setAttribute("aria-label", here);
  $(".pair").style.visibility = chosen < 0 ? "hidden" : "";
  if (chosen < 0) return ($(".about").textContent = "");
  const [i, j] = [chosen % map.columns, Math.floor(chosen / map.columns)];
  show($(".original"), pictures, i, j);
  show($(".redrawn"), redrawn, i, j);
  const name = map.class_names.length ? t(map.class_names[map.labels[chosen]]) : fill("Picture {n}", { n: chosen + 1 });
  const spread = Math.sqrt((map.spreads[0][chosen] + map.spreads[2][chosen]) / 2);
  const about = fill("{name}. The ellipse is its q(z|x): two standard deviations, {spread} each.", { name, spread: spread.toPrecision(2) });
  if ($(".about").textContent !== about) $(".about").textContent = about;
  $(".original").setAttribute("aria-label", name);

  function show(canvas, sheet, column, row) {
    if (canvas.width !== size) canvas.width = canvas.height = size;
    canvas.getContext("2d").drawImage(sheet, column * size, row * size, size, size, 0, 0, size, size);
  }
}

// --- the hand ---------------------------------------------------------------------------------------------

function go(u, v) {
  const within = (value) => Math.max(-map.reach, Math.min(map.reach, value));
  at = [within(u), within(v)];
  paint();
}

// The picture nearest to where one is, -1 if none is within so many pixels.
function nearest(pixels) {
  const side = ground.clientWidth;
  let [best, least] = [-1, pixels];
  for (let i = 0; i < map.count; i++) {
    const far = Math.hypot(x(map.us[i], side) - x(at[0], side), y(map.vs[i], side) - y(at[1], side));
    if (far < least) [best, least] = [i, far];
  }
  return best;
}

function choose(number) {
  chosen = number;
  if (number >= 0) go(map.us[number], map.vs[number]);
}

const follow = (event) => {
  const box = ground.getBoundingClientRect();
  go(...placeOf(event.clientX - box.left, event.clientY - box.top, box.width));
};
let down = false;
ground.addEventListener("pointerdown", (event) => {
  if (event.button || !map) return;
  down = true;
  ground.setPointerCapture(event.pointerId);
  follow(event);
  choose(nearest(NEAR));
});
ground.addEventListener("pointermove", (event) => down && map && follow(event));
for (const end of ["pointerup", "pointercancel"]) ground.addEventListener(end, () => (down = false));

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
ground.addEventListener("keydown", (event) => {
  if (!map || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = (2 * map.reach) / map.cells;
  if (event.key === "Enter") choose(nearest(Infinity));
  else if (ARROWS[event.key]) go(at[0] + step * ARROWS[event.key][0], at[1] + step * ARROWS[event.key][1]);
  else return;
  event.preventDefault();
});

$(".none").textContent = t("The map of the run above appears here when the run has ended, or earlier by a press on the button above.");
$(".chosen-title").textContent = t("Chosen picture");
$(".redrawn-title").textContent = t("Its reconstruction");
$(".redrawn").setAttribute("aria-label", t("Its reconstruction"));
$(".hint").textContent = t("Click on the map or drag over it: the picture decoded there follows. On a point it shows the picture that was encoded. Dashed: two standard deviations of the prior.");
new ResizeObserver(paint).observe(ground);
new MutationObserver(paint).observe(document.body, { attributeFilter: ["class"] }); // dark mode
watch("value", load);
load();
