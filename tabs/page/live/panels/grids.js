// A panel of the live view, behind "scrub": the grid of generated pictures with its history, beside real pictures.

const frames = new Map(); // step -> address, of grids looked at

panels.push({
  forget: () => frames.clear(),
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

Object.assign(scrub, {
  name: () => t("History of the grid"),
  async see(step) {
    if (frames.has(step)) return;
    const [id, grid] = [run.id, new Image()];
    grid.src = `${LIVE}${encodeURIComponent(id)}/${step}`;
    const there = await grid.decode().then(() => true, () => false); // it may not be kept any more
    if (there && id === run.id) frames.set(step, grid.src);
  },
});

function show(image, src, alt) {
  if (src && image.getAttribute("src") !== src) image.src = src;
  if (!src) image.removeAttribute("src");
  image.alt = alt;
}

function paintGrids() {
  const step = run.shown ?? run.frame?.step ?? null;
  text(".made-title", t("Generated, from the same noise each time"));
  text(".made-step", step === null ? "" : fill("step {step}", { step: count(step) }));
  text(".real-title", t("Real pictures"));
  text(".real-name", run.config.length ? t(String(run.config[0][1])) : "");
  const src = run.shown === null ? run.frame?.src : frames.get(run.shown);
  if (src || step === null) show($("img.made"), src, fill("Grid of generated pictures at step {step}", { step: count(step || 0) }));
  show($("img.real"), run.reference, t("Grid of real pictures"));
}
