// A panel of the live view: the grid of generated pictures with its history, beside real pictures.

const frames = new Map(); // step -> address, of grids looked at

panels.push({
  forget() {
    stopPlaying();
    frames.clear();
    Object.assign(run, { steps: "", shown: null }); // shown: the step that is looked back at, null for the newest
  },
  take(news) {
    if (news.reference) run.reference = news.reference;
    if (news.frame) {
      run.frame = news.frame;
      frames.set(news.frame.step, news.frame.src);
    }
    if (news.steps !== undefined) run.steps = news.steps;
  },
  paint: paintGrids,
});

function show(image, src, alt) {
  if (src && image.getAttribute("src") !== src) image.src = src;
  if (!src) image.removeAttribute("src");
  image.alt = alt;
}

function paintGrids() {
  const steps = run.steps ? run.steps.split(",").map(Number) : [];
  const range = $(".scrub input");
  const last = Math.max(0, steps.length - 1);
  const newest = run.shown === null;
  range.max = String(last);
  range.disabled = last === 0;
  if (newest) range.value = String(last);
  const step = newest ? (run.frame ? run.frame.step : null) : run.shown;
  const caption = step === null ? "" : fill("step {step}", { step: count(step) });
  range.setAttribute("aria-label", t("History of the grid"));
  range.setAttribute("aria-valuetext", caption);
  text(".made-title", t("Generated, from the same noise each time"));
  text(".made-step", caption);
  text(".real-title", t("Real pictures"));
  text(".real-name", run.config.length ? t(String(run.config[0][1])) : "");
  const src = newest ? run.frame && run.frame.src : frames.get(run.shown);
  if (src || step === null) show($("img.made"), src, fill("Grid of generated pictures at step {step}", { step: count(step || 0) }));
  show($("img.real"), run.reference, t("Grid of real pictures"));
  text(".play", playing ? t("Halt") : "▶ " + t("Replay"));
  text(".newest", t("Newest"));
  $(".play").disabled = last === 0;
  $(".newest").disabled = newest;
}

// --- looking back --------------------------------------------------------------------------------------

let playing = null;

function stopPlaying() {
  playing = null;
}

async function look(index) {
  const steps = run.steps.split(",").map(Number);
  const id = run.id;
  const step = steps[Math.min(index, steps.length - 1)];
  run.shown = step;
  $(".scrub input").value = String(index);
  if (!frames.has(step)) {
    const grid = new Image();
    grid.src = `${LIVE}${encodeURIComponent(id)}/${step}`;
    const there = await grid.decode().then(() => true, () => false); // it may not be kept any more
    if (id !== run.id) return;
    if (there) frames.set(step, grid.src);
  }
  if (run.shown === step) paint();
}

function newest() {
  stopPlaying();
  run.shown = null;
  paint();
}

async function replay() {
  if (playing) {
    stopPlaying();
    return paint();
  }
  const mine = (playing = {});
  const id = run.id;
  const total = run.steps.split(",").length;
  const each = Math.max(50, Math.min(250, 8000 / total));
  for (let i = 0; i < total && playing === mine && run.id === id; i++) {
    const began = Date.now();
    await look(i);
    await sleep(Math.max(0, each - (Date.now() - began)));
  }
  if (playing === mine) newest();
}

// Listeners sit on the component's root, whose children Gradio may put in anew.
element.addEventListener("input", (event) => {
  if (!event.target.matches(".scrub input")) return;
  stopPlaying();
  const index = Number(event.target.value);
  index === Number(event.target.max) ? newest() : look(index);
});
element.addEventListener("click", (event) => {
  if (event.target.matches(".play")) replay();
  if (event.target.matches(".newest")) newest();
});
