// The map of a melody VAE. props.value is JSON, see view.py: places on the plane, and the melodies decoded there.

const NEAR = 12; // pixels around a point that count as on it
const TINTS = ["#e8590c", "#1c7ed6", "#2b8a3e", "#9c36b5"];
const ground = $(".ground");
const decoded = lineRoll($(".decoded"), $(".hear"), () => $(".here").textContent);
const original = lineRoll($(".original"), $(".hear-original"), () => $(".chosen").textContent);
let map = null;
let at = [0, 0]; // where on the plane
let chosen = -1; // the number of a melody
let ends = { first: -1, last: -1 };

function load() {
  const next = JSON.parse(props.value || "null");
  $(".melodies").toggleAttribute("data-empty", !next);
  for (const roll of [decoded, original]) roll.halt();
  map = next;
  if (!next) return;
  const numbers = (text) => text.split(",").map(Number);
  [map.us, map.vs] = next.places.map(numbers);
  map.colours = next.colours.map(([title, names, values]) => [title, names, numbers(values)]);
  map.busy = map.grid.map((line) => notesOf([line]).length / line.length);
  [at, chosen, ends] = [[0, 0], -1, { first: -1, last: -1 }];
  const kept = $("select").selectedIndex;
  $("select").replaceChildren(...map.colours.map(([title], i) => new Option(t(title), i)));
  $("select").selectedIndex = Math.max(0, kept);
  ground.setAttribute("aria-label", fill("Map of the latent space: {n} melodies. Arrow keys move, Space plays, Enter chooses the nearest melody.", { n: count(map.us.length) }));
  colour();
}

const shades = () => map.colours[$("select").selectedIndex];

function colour() {
  const entry = (name, i) => {
    const node = document.createElement("span");
    node.textContent = t(name);
    node.style.setProperty("--tint", TINTS[i]);
    return node;
  };
  $(".names").replaceChildren(...shades()[1].map(entry));
  paint();
}

// --- painting ---------------------------------------------------------------------------------------------------

const x = (u, side) => (u / map.reach + 1) * (side / 2);
const y = (v, side) => (1 - v / map.reach) * (side / 2);

const paint = eachFrame(() => map && draw());

function draw() {
  const side = ground.clientWidth;
  if (!side) return;
  const scale = window.devicePixelRatio || 1;
  if (ground.height !== Math.round(side * scale)) ground.width = ground.height = Math.round(side * scale);
  const pen = ground.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, side, side);
  const ink = getComputedStyle(element).getPropertyValue("--body-text-color");
  drawGround(pen, side, ink);
  const [, , kinds] = shades();
  map.us.forEach((u, i) => dot(pen, x(u, side), y(map.vs[i], side), 3, TINTS[kinds[i]]));
  pen.strokeStyle = ink;
  pen.setLineDash([5, 5]);
  ring(pen, x(map.prior[0], side), y(map.prior[1], side), side / map.reach); // two standard deviations of the prior
  pen.setLineDash([]);
  drawEnds(pen, side, ink);
  for (const [color, width] of [["#000", 4], ["#fff", 2]]) {
    [pen.strokeStyle, pen.lineWidth] = [color, width];
    ring(pen, x(at[0], side), y(at[1], side), 8);
  }
  pen.lineWidth = 1;
  tell();
}

// The more notes are decoded in a square, the darker.
function drawGround(pen, side, ink) {
  const tile = side / map.cells;
  pen.fillStyle = ink;
  map.busy.forEach((share, i) => {
    pen.globalAlpha = 0.3 * share * share;
    pen.fillRect((i % map.cells) * tile, Math.floor(i / map.cells) * tile, tile, tile);
  });
  pen.globalAlpha = 1;
}

function drawEnds(pen, side, ink) {
  pen.font = "bold 14px sans-serif";
  for (const [name, number] of [["A", ends.first], ["B", ends.last]]) {
    if (number < 0) continue;
    const [px, py] = [x(map.us[number], side), y(map.vs[number], side)];
    dot(pen, px, py, 6, ink);
    pen.fillText(name, px + 8, py - 6);
  }
}

function dot(pen, px, py, radius, color) {
  pen.fillStyle = color;
  pen.beginPath();
  pen.arc(px, py, radius, 0, 6.3);
  pen.fill();
}

function ring(pen, px, py, radius) {
  pen.beginPath();
  pen.arc(px, py, radius, 0, 6.3);
  pen.stroke();
}

// What stands beside it.
function tell() {
  const cell = (share) => Math.max(0, Math.min(map.cells - 1, Math.floor(share * map.cells)));
  const square = map.cells * cell((1 - at[1] / map.reach) / 2) + cell((at[0] / map.reach + 1) / 2);
  const place = { u: at[0].toFixed(2), v: at[1].toFixed(2) };
  const there = map.latent === 2 ? fill("Decoded at z = ({u}, {v})", place) : fill("Decoded at ({u}, {v}) of the plane", place);
  $(".here").textContent = chosen < 0 ? there : t("What comes back of it");
  decoded.show(chosen < 0 ? map.grid[square] : map.redrawn[chosen]);
  for (const node of element.querySelectorAll(".whose")) node.style.visibility = chosen < 0 ? "hidden" : "";
  if (chosen < 0) return original.halt();
  $(".chosen").textContent = fill("Melody {n}, as it was written", { n: chosen + 1 });
  original.show(map.melodies[chosen]);
  const about = map.colours.map(([, names, kinds]) => t(names[kinds[chosen]])).join(" · ");
  if ($(".about").textContent !== about) $(".about").textContent = about;
}

// --- the hand ---------------------------------------------------------------------------------------------------

function go(u, v) {
  const within = (value) => Math.max(-map.reach, Math.min(map.reach, value));
  [at, chosen] = [[within(u), within(v)], -1];
  paint();
}

// The melody nearest to where one is, -1 if none is within so many pixels.
function nearest(pixels) {
  const side = ground.clientWidth;
  let [best, least] = [-1, pixels];
  map.us.forEach((u, i) => {
    const far = Math.hypot(x(u, side) - x(at[0], side), y(map.vs[i], side) - y(at[1], side));
    if (far < least) [best, least] = [i, far];
  });
  return best;
}

function choose(number) {
  if (number < 0) return;
  go(map.us[number], map.vs[number]);
  chosen = number;
}

const follow = (event) => {
  const box = ground.getBoundingClientRect();
  const [px, py] = [event.clientX - box.left, event.clientY - box.top];
  go((px / (box.width / 2) - 1) * map.reach, (1 - py / (box.width / 2)) * map.reach);
};

// Sounds when what was chosen is shown.
const sound = () => requestAnimationFrame(() => requestAnimationFrame(decoded.hear));

let down = false;
ground.addEventListener("pointerdown", (event) => {
  if (event.button || !map) return;
  down = true;
  ground.setPointerCapture(event.pointerId);
  follow(event);
  choose(nearest(NEAR));
  sound();
});
ground.addEventListener("pointermove", (event) => {
  if (!down || !map) return;
  follow(event);
  sound();
});
for (const end of ["pointerup", "pointercancel"]) ground.addEventListener(end, () => (down = false));

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
ground.addEventListener("keydown", (event) => {
  if (!map || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = (2 * map.reach) / map.cells;
  if (event.key === "Enter") choose(nearest(Infinity));
  else if (event.key === " ") sound();
  else if (ARROWS[event.key]) go(at[0] + step * ARROWS[event.key][0], at[1] + step * ARROWS[event.key][1]);
  else return;
  event.preventDefault();
});

for (const [button, end] of [[".from", "first"], [".to", "last"]])
  $(button).onclick = () => {
    ends[end] = chosen;
    if (ends.first >= 0 && ends.last >= 0) trigger("pick", { ...ends });
    paint();
  };
$("select").onchange = colour;
savers(decoded.line);
$(".none").textContent = t("The map of the run above appears here when the run has ended, or earlier by a press on the button above.");
$(".colour span").textContent = t("Coloured by");
$(".from").textContent = t("A: go from here");
$(".to").textContent = t("B: go to here");
$("[data-kind=mid]").textContent = t("MIDI file");
$("[data-kind=wav]").textContent = t("Sound file (WAV)");
$(".hint").textContent = t("Click on the map or drag over it, and hear the melody that is decoded there. A point is a melody that it has not learnt from. Darker ground: more notes. Dashed: two standard deviations of the prior.");
new ResizeObserver(paint).observe(ground);
new MutationObserver(paint).observe(document.body, { attributeFilter: ["class"] }); // dark mode
watch("value", load);
load();
