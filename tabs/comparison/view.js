// Several runs over one another. props.value is the query of a link, such as "runs=a,b&axis=seconds".
// Asks the route of feed.py for what is new of all of them at once, and paints what came.

const AXES = { steps: t("Steps"), seconds: t("Seconds of computing"), pictures: t("Pictures or texts seen") };
const GROUPS = { training: t("training rows"), validation: t("validation rows") };
const PATTERNS = [[], [7, 3], [2, 3], [9, 3, 2, 3]]; // not by colour alone
const SMOOTHED = ["losses", "training"]; // groups that are told several times a second
const FEW = 40; // points that are marked one by one, and not evened
const WHOLE = 1000; // of the slider
const ASK = ORIGIN + ROOT.pathname.replace(/\/$/, "") + "/comparison/";

let ids = []; // of the runs
let axis = "steps";
let runs = []; // {id, name, title, state, series, times, batch, frames, texts, …} each, as the server tells
let told = null; // the comparison: {curves, notes, standings, settings, only_some}
let cursor = "";
let at = null; // the place on the axis that is looked at, null for the newest
let pointed = null; // the place under the mouse
let playing = null;
let generation = 0; // follow() of an older generation ends by itself

const tint = (i) => getComputedStyle($(".comparison")).getPropertyValue(`--tint-${i}`).trim();

// --- what the server tells ------------------------------------------------------------------------------------

function take(news) {
  cursor = news.cursor;
  news.runs.forEach((part, i) => {
    const run = runs[i];
    const known = part.config ? { ...run, series: {}, steps: "", written_steps: "" } : run;
    const { series, ...rest } = part;
    runs[i] = { ...known, ...rest };
    if (series) merge(runs[i].series, series);
    if (part.written_steps !== undefined) fetchTexts(runs[i].id);
  });
  told = news.comparison;
}

async function ask() {
  const cut = { trouble: t("The connection is cut. The runs go on; trying again…"), again: 1000 };
  try {
    const address = `${ASK}${ids.map(encodeURIComponent).join(",")}?since=${encodeURIComponent(cursor)}`;
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    if (answer.status === 401) return { trouble: t("Your login has ended. Reload this page to log in again."), again: 5000 };
    if (!answer.ok) return cut;
    const again = Number(answer.headers.get("Look-Again")) || 1000;
    return { news: answer.status === 204 ? null : await answer.json(), again };
  } catch {
    return cut;
  }
}

async function follow() {
  const mine = ++generation;
  runs = ids.map((id) => ({ id, state: "none", series: {}, texts: new Map(), steps: "", written_steps: "" }));
  [told, cursor, at, playing] = [null, "", null, null];
  paint();
  while (ids.length && mine === generation && element.isConnected) {
    if (document.hidden || element.offsetParent === null) {
      await sleep(300);
      continue;
    }
    const { news, again, trouble } = await ask();
    if (mine !== generation || !element.isConnected) return;
    if (news) take(news);
    $(".trouble").hidden = !trouble;
    text(".trouble", trouble ?? "");
    if (news) paint();
    if (!trouble && runs.every((run) => ["finished", "failed", "gone"].includes(run.state))) return;
    await sleep(again);
  }
}

// The history of what a language model wrote; once it is here, again only after a while.
async function fetchTexts(id) {
  const run = runs.find((each) => each.id === id);
  if (run.fetching) return;
  run.fetching = true;
  try {
    const answer = await fetch(`${LIVE}${encodeURIComponent(id)}/written`, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    const texts = answer.ok ? await answer.json() : [];
    const now = runs.find((each) => each.id === id);
    if (now) for (const each of texts) now.texts.set(each.step, each.texts);
    paint();
  } catch {} // the next news tries again
  await sleep(2000);
  const now = runs.find((each) => each.id === id);
  if (!now) return;
  now.fetching = false;
  if (numbers(now.written_steps).some((step) => !now.texts.has(step))) fetchTexts(id);
}

// --- places on the axis -----------------------------------------------------------------------------------------

// Where a step of a run lies, NaN if that is not known.
function place(run, step) {
  if (axis === "steps") return step;
  if (axis === "pictures") return step * run.batch;
  const times = run.times ?? [];
  if (!times.length) return NaN;
  let i = times.findIndex(([at]) => at >= step);
  if (i === 0 || times.length === 1) return times[0][1];
  if (i < 0) return times.at(-1)[1];
  const [[from, early], [to, late]] = [times[i - 1], times[i]];
  return early + ((late - early) * (step - from)) / (to - from);
}

// The same of many steps in order, in one go.
function places(run, steps) {
  if (axis !== "seconds") return steps.map((step) => place(run, step));
  const times = run.times ?? [];
  let i = 0;
  return steps.map((step) => {
    while (i < times.length && times[i][0] < step) i++;
    if (!times.length) return NaN;
    if (i === 0) return times[0][1];
    if (i === times.length) return times.at(-1)[1];
    const [[from, early], [to, late]] = [times[i - 1], times[i]];
    return early + ((late - early) * (step - from)) / (to - from);
  });
}

const looked = (run) => numbers(run.written_steps || run.steps); // steps of what one can look at
const ends = () => runs.map((run) => Math.max(0, ...looked(run).map((step) => place(run, step)).filter(Number.isFinite)));
const end = () => Math.max(0, ...ends());

// The step whose picture or text of a run is shown: the last one not after `at`, else its first; null without any.
function shownStep(run) {
  const steps = looked(run).filter((step) => axis !== "seconds" || Number.isFinite(place(run, step)));
  if (!steps.length) return looked(run).at(-1) ?? null;
  if (at === null) return steps.at(-1);
  return steps.findLast((step) => place(run, step) <= at) ?? steps[0];
}

// --- painting -----------------------------------------------------------------------------------------------------

const paint = eachFrame(() => {
  const began = performance.now();
  text(".empty", t("Choose two to four runs above: their curves come over one another, their pictures or texts side by side."));
  $(".empty").hidden = ids.length > 0;
  $(".shown").hidden = !ids.length;
  $(".comparison").dataset.count = String(ids.length);
  if (ids.length) {
    paintRuns();
    paintTold();
    paintAxes();
    paintStage();
    paintCharts();
    paintSettings();
  }
  $(".comparison").dataset.ms = (performance.now() - began).toFixed(1);
});

function paintRuns() {
  const rows = runs.map((run) => {
    if (run.state === "gone") return [run.name ?? "?", t("There is no such run here any more."), ""];
    const parts = [t(run.state === "running" && !run.progress ? "Starting…" : (STATES[run.state] ?? ""))];
    if (run.progress) parts.push(fill("step {step} of {total}", { step: count(run.progress.step), total: count(run.progress.total) }));
    if (run.seconds) parts.push(fill("{seconds} s of computing", { seconds: count(run.seconds) }));
    const why = say(run.error ?? (run.state === "finished" || !run.ended ? null : run.note));
    return [`${run.name ?? ""} · ${t(run.title ?? "")}`, parts.filter(Boolean).join(" · "), why];
  });
  list($(".runs"), rows, ([name, facts, why]) => {
    const item = made("li", "");
    item.append(made("b", name), made("small", facts));
    if (why) item.append(made("small", why));
    return [item];
  });
  [...$(".runs").children].forEach((item, i) => item.style.setProperty("--tint", tint(i)));
}

function paintTold() {
  const standing = told?.standings.find((each) => each.axis === (at === null ? "" : axis)) ?? { sentences: [], at: null };
  const shared = told?.standings.find((each) => each.axis === axis);
  const reached = shared && shared.at !== null ? placeOn(unit(), shared.at) : "";
  text(".told-title", at === null ? t("As they are now") : fill("Where all have come: {place}", { place: reached }));
  const sentences = standing.sentences.map(say);
  list($(".sentences"), sentences.length ? sentences : [t("Nothing measured yet that can be compared.")], (words) => [made("li", words)]);
  list($(".notes"), (told?.notes ?? []).map(say), (words) => [made("li", words)]);
}

const unit = () => ({ steps: "step", seconds: "seconds", pictures: "pictures" })[axis];

function paintAxes() {
  $(".axes").setAttribute("aria-label", t("Axis"));
  list($(".axes"), Object.entries(AXES), ([name, words]) => {
    const [label, input] = [made("label", ""), document.createElement("input")];
    Object.assign(input, { type: "radio", name: element.id + "-axis", value: name });
    label.append(input, words);
    return [label];
  });
  for (const input of element.querySelectorAll(".axes input")) input.checked = input.value === axis;
  text(".copy", t("Copy link to this comparison"));
}

function paintStage() {
  const texts = runs.some((run) => run.written_steps);
  const any = runs.some((run) => looked(run).length);
  $(".stage").hidden = !any;
  $(".made").classList.toggle("texts", texts);
  list($(".made"), runs.map((run) => [run.id, !!run.written_steps]), ([, written]) => {
    const [figure, caption] = [made("figure", ""), made("figcaption", "")];
    caption.append(made("b", ""), made("span", ""));
    const frame = made(written ? "ol" : "div", "");
    if (!written) {
      frame.className = "frame";
      frame.append(document.createElement("img"));
    }
    figure.append(caption, frame);
    return [figure];
  });
  runs.forEach((run, i) => {
    const [figure, step] = [$(".made").children[i], shownStep(run)];
    figure.style.setProperty("--tint", tint(i));
    figure.hidden = step === null && runs.some((each) => looked(each).length);
    text(figure.querySelector("b"), `${run.name ?? ""} · ${t(run.title ?? "")}`);
    const caption = step === null ? "" : fill("step {step}", { step: count(step) });
    text(figure.querySelector("figcaption span"), caption);
    const image = figure.querySelector("img");
    if (!image) return list(figure.querySelector("ol"), run.texts.get(step) ?? [], (words) => [made("li", words || "—")]);
    image.alt = fill("Grid of generated pictures of {name} at step {step}", { name: run.name ?? "", step: count(step ?? 0) });
    if (step !== null) show(image, `${LIVE}${encodeURIComponent(run.id)}/${step}`);
  });
  const range = $(".scrub input");
  const last = end();
  if (at === null) range.value = String(WHOLE);
  range.disabled = !last;
  const where = placeOn(unit(), at ?? last);
  range.setAttribute("aria-label", t("The same moment of all runs"));
  range.setAttribute("aria-valuetext", where);
  text(".at", any ? where : "");
  text(".play", playing ? t("Halt") : "▶ " + t("Replay"));
  text(".newest", t("Newest"));
  $(".play").disabled = !last;
  $(".newest").disabled = at === null;
}

// Shows a picture once it is there, so that nothing blinks; a later one that came first stays.
async function show(image, address) {
  if (image.wanted === address) return;
  image.wanted = address;
  const grid = new Image();
  grid.src = address;
  const there = await grid.decode().then(() => true, () => false); // it may not be kept any more
  if (there && image.wanted === address) image.src = address;
}

function paintCharts() {
  const shown = (told?.curves ?? []).filter((each) => each.group !== "final"); // all at one place: sentences tell it
  const curves = shown.filter((each) => runs.some((run) => run.series[each.group]?.columns[each.column]));
  list($(".charts"), curves, (each) => {
    const [figure, caption, canvas] = [made("figure", ""), made("figcaption", t(each.column)), document.createElement("canvas")];
    figure.className = "chart";
    if (GROUPS[each.group]) caption.append(made("span", " · " + GROUPS[each.group]));
    if (!each.comparable) caption.append(made("span", " · " + t("each by itself, not comparable")));
    canvas.setAttribute("role", "img");
    figure.append(caption, canvas);
    return [figure];
  });
  const what = [cursor, axis, tint(0), $(".charts").clientWidth].join();
  curves.forEach((each, c) => {
    const canvas = $(".charts").children[c].querySelector("canvas");
    if (canvas.what !== what) Object.assign(canvas, { what, chart: chartOf(each) });
    drawChart(canvas, canvas.chart, canvas.chart.lines, { pointed, marks: [at], unit: unit() });
  });
}

// What does not change while only the slider or the mouse moves.
function chartOf({ group, column, from_zero, percent }) {
  const smoothed = SMOOTHED.includes(group);
  const lines = runs.flatMap((run, i) => {
    const series = run.series[group];
    const values = series?.columns[column];
    if (!values) return [];
    const where = places(run, series.steps);
    const kept = where.some(Number.isFinite) ? values : [];
    const few = kept.length < FEW;
    const even = smoothed && !few ? smooth(kept) : kept;
    return [{ label: run.name, group: "", tint: tint(i), steps: where, values: kept, even, pattern: PATTERNS[i], dots: few && !smoothed }];
  });
  return { smooth: smoothed, from_zero, percent, lines, range: limits(lines, { from_zero, percent }) };
}

function paintSettings() {
  const there = runs.map((run, i) => ({ ...run, tint: tint(i) })).filter((run) => run.state !== "gone");
  const head = there.map((run) => `${run.name ?? ""} · ${t(run.title ?? "")}`);
  const said = (value) => (value === null ? "·" : value === true ? "✓" : value === false ? "–" : t(String(value)));
  for (const [place, rows] of [[".differ", told?.settings ?? []], [".some", told?.only_some ?? []]]) {
    list($(place), [head, ...rows], (row) => {
      const line = made("tr", "");
      if (row === head) {
        line.append(made("td", ""), ...head.map((name) => Object.assign(made("th", name), { scope: "col" })));
        [...line.children].slice(1).forEach((cell, i) => cell.style.setProperty("--tint", there[i].tint));
        const part = made("thead", "");
        part.append(line);
        return [part];
      }
      const [label, values] = row;
      line.append(Object.assign(made("th", t(label)), { scope: "row" }), ...values.map((value) => made("td", said(value))));
      return [line];
    });
  }
  text(".settings h3", told && !told.settings.length ? t("They have the same settings.") : t("Settings that differ"));
  text(".settings summary", t("Settings that only some have"));
  $(".settings details").hidden = !told?.only_some.length;
  $(".settings").hidden = !told || there.length < 2;
}

// --- looking back ---------------------------------------------------------------------------------------------------

function look(where) {
  at = where;
  if (where !== null) $(".scrub input").value = String(Math.round((WHOLE * where) / Math.max(1e-9, end())));
  paint();
}

async function replay() {
  if (playing) {
    playing = null;
    return paint();
  }
  const mine = (playing = {});
  const took = 8000; // ms
  const began = performance.now();
  while (playing === mine && performance.now() - began < took) {
    look((end() * (performance.now() - began)) / took);
    await sleep(120);
  }
  if (playing !== mine) return;
  playing = null;
  look(null);
}

function under(event) {
  const scale = event.target.matches?.(".chart canvas") && event.target.scale;
  if (!scale) return null;
  const share = (event.offsetX - scale.left) / scale.width;
  return share < 0 || share > 1 ? null : share * scale.end;
}

async function copyLink(node) {
  const chosen = window.aigcLanguage?.chosen;
  const query = `tab=comparison&runs=${ids.map(encodeURIComponent).join(",")}&axis=${axis}` + (chosen ? "&lang=" + chosen : "");
  const link = `${location.origin}${location.pathname}?${query}`;
  history.replaceState(history.state, "", link);
  const copied = await navigator.clipboard.writeText(link).then(() => true, () => false);
  text(node, copied ? t("Link copied.") : t("The link is in the address bar."));
  await sleep(3000);
  paint();
}

// Listeners sit on the component's root, whose children Gradio may put in anew.
element.addEventListener("input", (event) => {
  if (event.target.matches(".axes input")) {
    axis = event.target.value;
    return look(null);
  }
  if (!event.target.matches(".scrub input")) return;
  playing = null;
  const share = Number(event.target.value) / WHOLE;
  at = share === 1 ? null : share * end();
  paint();
});
element.addEventListener("click", (event) => {
  if (event.target.matches(".play")) replay();
  if (event.target.matches(".newest")) (playing = null), look(null);
  if (event.target.matches(".copy")) copyLink(event.target);
  const where = under(event);
  if (where !== null) (playing = null), look(Math.min(where, end()));
});
element.addEventListener("pointermove", (event) => {
  const where = under(event);
  if (where !== pointed) (pointed = where), paint();
});
element.addEventListener("pointerleave", () => (pointed = null, paint()));

function begin() {
  new ResizeObserver(() => paint()).observe(element);
  new MutationObserver(() => paint()).observe(document.body, { attributeFilter: ["class"] }); // dark mode
  const read = () => {
    const query = new URLSearchParams(props.value ?? "");
    if (Object.hasOwn(AXES, query.get("axis"))) axis = query.get("axis");
    const asked = (query.get("runs") ?? "").split(",").filter(Boolean);
    if (String(asked) === String(ids) && runs.length) return paint();
    ids = asked;
    follow();
  };
  watch("value", read);
  read();
}
