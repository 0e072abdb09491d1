// A panel of the live view, behind "scrub": the plane as it is learnt, ten pictures a second and smooth between them.
// It follows props.layers, a table of {field, arrows, lines: what they are} for each family.

const LAG = 0.5; // seconds in which the pictures that came are shown
const REPLAY = 6; // seconds that a replay takes, and in slow motion so many times that
const SLOWER = 6;
const still = matchMedia("(prefers-reduced-motion: reduce)");

let ground = null;
let known = new Map(); // step -> picture, of the history as far as it is here
let line = []; // the pictures that came while it was watched
let head = 0; // which of them is shown: a whole number and a share of the way to the next
let place = 0; // the same in the history, while one looks back
let slow = false;
let moment = 1;

panels.push({
  forget() {
    [ground, known, line, head, place, moment] = [null, new Map(), [], 0, 0, 1];
  },
  take(news) {
    if (news.ground) ground = unpack(news.ground);
    if (news.plane_steps !== undefined) run.steps = news.plane_steps;
    for (const packed of news.planes || []) {
      const picture = unpack(packed);
      if (line.length && picture.step <= line.at(-1).step) [line, head] = [[], 0]; // the run went back
      line.push(picture);
      known.set(picture.step, picture);
    }
    const dropped = Math.min(Math.floor(head), Math.max(0, line.length - 60));
    [line, head] = [line.slice(dropped), head - dropped];
    const kept = new Set(run.steps.split(",").map(Number));
    for (const step of known.keys()) if (!kept.has(step)) known.delete(step);
    if (news.config && run.id.startsWith("example") && !still.matches) setTimeout(() => playing || scrub.replay(), 300);
  },
  paint: paintPlane,
});

Object.assign(scrub, { name: () => t("History of the picture"), look, newest, replay });

// The picture at a place of the history, its steps being `steps`.
function pictureAt(steps, at) {
  const low = Math.min(steps.length - 1, Math.floor(at));
  const [one, next] = [known.get(steps[low]), known.get(steps[low + 1])];
  return one && between(one, next, at - low);
}

function shownNow() {
  if (run.shown !== null) return pictureAt(stepsOf(), place);
  const low = Math.min(line.length - 1, Math.floor(head));
  return line.length ? between(line[low], line[low + 1], head - low) : null;
}

function drawNow() {
  const picture = shownNow();
  if (picture) drawPlane($("canvas.plane"), ground, picture, moment);
  if (picture) text(".plane-step", fill("step {step}", { step: count(picture.step) }));
}

// In words, for those who do not see it.
function tellNow() {
  const picture = shownNow();
  const caption = picture ? fill("step {step}", { step: count(picture.step) }) : "";
  $(".scrub input").setAttribute("aria-valuetext", caption);
  const words = picture && ground ? `${caption}: ${inWords(ground, picture)}` : t("Made points over real ones");
  $("canvas.plane").setAttribute("aria-label", words);
}

// Frame after frame while something moves, and not a moment longer.
let before = 0; // the time of the last frame, 0 while nothing moves
function moves() {
  if (!before) requestAnimationFrame(tickPlane);
  before ||= performance.now();
}

function tickPlane(now) {
  const seconds = Math.max(0, Math.min(0.1, (now - before) / 1000));
  before = 0;
  if (!element.isConnected) return;
  if (playing) {
    const steps = stepsOf();
    place += (seconds * (steps.length - 1)) / (REPLAY * (slow ? SLOWER : 1));
    if (place >= steps.length - 1) return newest();
    run.shown = steps[Math.floor(place)];
    $(".scrub input").value = String(Math.floor(place));
  } else if (run.shown === null && head < line.length - 1) {
    const left = line.length - 1 - head;
    head = still.matches ? line.length - 1 : Math.min(line.length - 1, head + seconds * Math.max(8, left / LAG));
  } else {
    tellNow(); // what it has come to; not at each frame, which nobody could listen to
    return;
  }
  drawNow();
  before = now;
  requestAnimationFrame(tickPlane);
}

function paintPlane() {
  text(".plane-title", t("Made points over real ones"));
  text(".slow", t("Slow motion"));
  $(".slow").setAttribute("aria-pressed", String(slow));
  paintLayers(shownNow());
  tellNow();
  drawNow();
  moves();
}

function paintLayers(picture) {
  const words = props.layers[familyOf(picture)];
  const there = { field: picture?.field, arrows: picture?.arrows, lines: picture?.paths };
  for (const label of element.querySelectorAll(".layers label[data-layer]")) {
    const layer = label.dataset.layer;
    label.hidden = !there[layer];
    text(label.querySelector("span"), words[layer] ? t(words[layer]) : "");
  }
  text(".legend .real", t("Real"));
  text(".legend .made", t("Made"));
  text(".legend .missed", t("Left out"));
  const way = $(".way");
  way.hidden = !picture?.paths || familyOf(picture) !== "diffusion";
  text(".way span", t("On the way from noise"));
  way.querySelector("input").value = String(moment);
}

// Which family made a picture: it shows in what is there.
function familyOf(picture) {
  if (picture?.field || !picture?.paths) return "gan";
  return picture.shapes.arrows[0] > 1 ? "diffusion" : "vae";
}

// --- looking back --------------------------------------------------------------------------------------

const fetchPlanes = () => fetchHistory(known, "planes", unpack);

async function look(index) {
  const steps = stepsOf();
  place = Math.max(0, Math.min(index, steps.length - 1));
  run.shown = steps[place];
  $(".scrub input").value = String(place);
  await fetchPlanes();
  paint();
}

function newest() {
  scrub.halt();
  run.shown = null;
  head = Math.max(0, line.length - 1);
  paint();
}

async function replay() {
  const mine = (playing = {});
  const from = run.shown === null ? 0 : place;
  await fetchPlanes();
  if (playing !== mine) return;
  place = from >= stepsOf().length - 1 ? 0 : from;
  run.shown = stepsOf()[Math.floor(place)];
  paint();
}

// Listeners sit on the component's root, whose children Gradio may put in anew.
element.addEventListener("input", (event) => {
  if (event.target.matches(".way input")) {
    moment = Number(event.target.value);
    paint();
  }
  const layer = event.target.closest(".layers label")?.dataset.layer;
  if (layer) {
    LAYERS[layer] = event.target.checked;
    paint();
  }
});
element.addEventListener("click", (event) => {
  if (event.target.matches(".slow")) {
    slow = !slow;
    paint();
  }
});
