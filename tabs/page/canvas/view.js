// Draws on a picture. props.value is JSON: {"size": [width, height], "ground": data address or null, "strokes": the
// same}, see view.py. Strokes lie on a layer of their own, so that they can be taken back, and be a mask.

const SIDE = 512; // pixels in which the brush is measured
const BACK = 20; // strokes that can be taken back
const { colors, mask } = props;
const board = $("canvas");
const layer = document.createElement("canvas");
const pen = layer.getContext("2d", { willReadFrequently: true });
let ground = null; // an image
let scene = { size: [SIDE, SIDE], ground: null, strokes: null };
let before = []; // the layer as it was
let color = colors[0];
let erasing = false;
let mine = null; // the value that was made here
let at = null; // of the pen

function paint() {
  const view = board.getContext("2d");
  view.imageSmoothingEnabled = false;
  view.fillStyle = "#fff";
  view.fillRect(0, 0, board.width, board.height);
  if (ground) view.drawImage(ground, 0, 0, board.width, board.height);
  view.globalAlpha = mask ? 0.63 : 1;
  view.drawImage(layer, 0, 0);
  view.globalAlpha = 1;
  $(".undo").disabled = !before.length;
  $(".empty").disabled = !scene.ground && !scene.strokes;
}

async function load() {
  if (props.value === mine) return;
  mine = props.value;
  scene = JSON.parse(props.value || "null") ?? { size: [SIDE, SIDE], ground: null, strokes: null };
  const wanted = scene;
  const [below, above] = await Promise.all([scene.ground, scene.strokes].map(picture));
  if (scene !== wanted) return; // another came meanwhile
  [board.width, board.height] = [layer.width, layer.height] = scene.size;
  ground = below;
  before = [];
  if (above) pen.drawImage(above, 0, 0);
  paint();
}

async function picture(address) {
  if (!address) return null;
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

// What was drawn becomes the value, which travels with the next request that asks for it.
function keep() {
  const blank = !pen.getImageData(0, 0, layer.width, layer.height).data.some((value, i) => i % 4 === 3 && value);
  scene = { ...scene, strokes: blank ? null : layer.toDataURL("image/png") };
  mine = props.value = JSON.stringify(scene);
  paint();
  trigger("input");
}

const place = (event) => {
  const box = board.getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * board.width, ((event.clientY - box.top) / box.height) * board.height];
};

function draw(event) {
  const to = place(event);
  pen.globalCompositeOperation = erasing ? "destination-out" : "source-over";
  pen.strokeStyle = color;
  pen.lineCap = pen.lineJoin = "round";
  pen.lineWidth = ($(".width input").value * Math.max(layer.width, layer.height)) / SIDE;
  pen.beginPath();
  pen.moveTo(...at);
  pen.lineTo(...to);
  pen.stroke();
  at = to;
  paint();
}

board.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  event.preventDefault();
  board.setPointerCapture(event.pointerId);
  before = [...before.slice(1 - BACK), pen.getImageData(0, 0, layer.width, layer.height)];
  at = place(event);
  draw(event);
});
board.addEventListener("pointermove", (event) => at && (event.getCoalescedEvents?.() ?? [event]).forEach(draw));
for (const end of ["pointerup", "pointercancel"])
  board.addEventListener(end, () => {
    if (at) keep();
    at = null;
  });

$(".undo").addEventListener("click", () => {
  pen.putImageData(before.pop(), 0, 0);
  keep();
});
$(".empty").addEventListener("click", () => {
  props.value = JSON.stringify({ size: [SIDE, SIDE], ground: null, strokes: null });
  load().then(() => trigger("input"));
});
$(".erase").addEventListener("click", () => choose(color, !erasing));

function choose(one, erase = false) {
  [color, erasing] = [one, erase];
  $(".erase").setAttribute("aria-pressed", erasing);
  for (const node of $(".colors").children) node.setAttribute("aria-checked", !erasing && node.dataset.color === color);
}

for (const one of mask ? [] : colors) {
  const node = document.createElement("button");
  node.type = "button";
  node.dataset.color = node.ariaLabel = node.title = one;
  node.style.background = one;
  node.setAttribute("role", "radio");
  node.onclick = () => choose(one);
  $(".colors").append(node);
}
$(".heading").textContent = t(props.heading);
board.setAttribute("aria-label", t(props.heading));
$(".colors").setAttribute("aria-label", t("Color"));
$(".tools").setAttribute("aria-label", t("Brush"));
$(".width span").textContent = t("Brush");
$(".width input").value = props.brush;
$(".erase").textContent = t("Eraser");
$(".undo").textContent = t("Undo");
$(".empty").textContent = t("Empty it");
choose(color);
watch("value", load);
load();
