// Follows the run whose id is props.value: asks the routes of feed.py for news, and paints what came.
// `element`, `props`, `trigger` and `watch` are given by Gradio (gr.HTML, js_on_load).
// This is the core; tabs/page/live/view.py puts the panels that a tab wants behind it, and begin() at the end.

const HASTE = { pace: 250, lasts: 5000 }; // ms: who pressed a button wants to see soon what it did
const panels = []; // each may have forget(), take(news) and paint()

function duration(seconds) {
  if (seconds < 55) return fill("about {n} s left", { n: Math.max(1, Math.ceil(seconds / 5) * 5) });
  if (seconds < 5400) return fill("about {n} min left", { n: Math.round(seconds / 60) });
  return fill("about {n} h left", { n: (seconds / 3600).toFixed(1) });
}

// --- what is known of the run -----------------------------------------------------------------------

const SMALL = [
  "cursor", "state", "ended", "position", "note", "error", "download", "progress", "verdict", "shares", "evaluations",
  "wait",
];
let run; // the model that is painted
let generation = 0; // follow() of an older generation ends by itself

function forget(id) {
  run = { id, cursor: "", state: "none", series: {}, config: [], captions: {}, exhibits: new Map() };
  for (const panel of panels) panel.forget?.();
}

function take(news) {
  for (const key of SMALL) run[key] = news[key];
  if (news.config) Object.assign(run, { config: news.config, series: {}, exhibits: new Map() }); // all, as to one who has nothing
  run.captions = news.captions;
  merge(run.series, news.series);
  for (const each of news.exhibits) run.exhibits.set(each.name, each);
  for (const panel of panels) panel.take?.(news);
}

// The sheets, bars or scatters of the run: {name, kind} and what exhibits.py tells of each.
const exhibits = (kind) => [...run.exhibits.values()].filter((each) => each.kind === kind);

// What the server says: {news, again, trouble}; null as news says that there are none, `again` when to ask next.
async function ask() {
  const cut = { trouble: t("The connection is cut. The run goes on; trying again…"), again: 1000 };
  try {
    const address = `${LIVE}${encodeURIComponent(run.id)}?since=${encodeURIComponent(run.cursor)}`;
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    if (answer.status === 410) return { news: { state: "gone" } };
    if (answer.status === 401) return { trouble: t("Your login has ended. Reload this page to log in again."), again: 5000 };
    if (!answer.ok) return cut;
    const again = Number(answer.headers.get("Look-Again")) || 1000;
    return { news: answer.status === 204 ? null : await answer.json(), again };
  } catch {
    return cut;
  }
}

let pressed = 0; // when a button around the view was
let wake = () => {};

function rest(ms) {
  const hurried = Date.now() - pressed < HASTE.lasts ? Math.min(ms, HASTE.pace) : ms;
  return new Promise((done) => {
    wake = done;
    setTimeout(done, hurried);
  });
}

async function follow(id) {
  const mine = ++generation;
  forget(id);
  paint();
  if (!id) trigger("tick");
  while (id && mine === generation && element.isConnected) {
    if (document.hidden || element.offsetParent === null) {
      await sleep(300);
      continue;
    }
    const { news, again, trouble: what } = await ask();
    if (mine !== generation || !element.isConnected) return;
    if (news?.state === "gone") {
      run.state = "gone";
      trouble(t("There is no such run here any more."));
      paint();
      trigger("tick");
      return;
    }
    if (news) {
      const before = mark();
      take(news);
      paint();
      if (before !== mark()) trigger("tick");
    }
    trouble(what ?? (run.error ? say(run.error) : ""));
    if (!what && run.ended && !["interrupted", "stopped"].includes(run.state)) return; // those may go on
    await rest(again);
  }
}

// What the components around the view depend on.
const mark = () => run.state + " " + run.evaluations;

// --- painting ---------------------------------------------------------------------------------------

// A figure for each exhibit of a kind in `room`: its name above what `make()` gives, then `paint(figure, exhibit)`.
function hang(room, kind, make, paint) {
  const shown = exhibits(kind);
  room.hidden = !shown.length;
  list(room, shown.map((each) => each.name), () => {
    const [figure, caption] = [made("figure", ""), made("figcaption", "")];
    caption.append(made("b", ""), made("span", ""));
    figure.append(caption, ...make());
    return [figure];
  });
  shown.forEach((each, i) => {
    text(room.children[i].querySelector("figcaption b"), t(each.name));
    paint(room.children[i], each);
  });
}

function trouble(sentence) {
  const node = $(".trouble");
  node.hidden = !sentence;
  node.textContent = sentence;
}

const paint = eachFrame(() => {
  paintStatus();
  for (const panel of panels) panel.paint();
  explain();
  setTimeout(explain, 700); // once the buttons have followed the state
});

function downloading(download) {
  const [done, total] = [download.step, download.total].map((bytes) => count(bytes / 1e6));
  const values = { what: download.message, done, total };
  return download.total ? fill("{what}: {done} of {total} MB", values) : fill("{what}: {done} MB", values);
}

function paintStatus() {
  const live = $(".live");
  const progress = run.progress;
  const starting = run.state === "running" && !progress;
  live.dataset.state = run.state;
  live.dataset.run = run.id;
  const fetching = run.download && run.download.total;
  live.toggleAttribute("data-busy", (starting && !fetching) || run.state === "queued");
  const place = run.state === "queued" && run.position ? " · " + fill("place {n}", { n: run.position }) + (run.wait ? " · " + say(run.wait) : "") : "";
  text(".state", t(starting ? "Starting…" : STATES[run.state] || "") + place);
  const working = run.state !== "failed"; // what it was at is told no more
  text(".note", run.download ? downloading(run.download) : working ? say(run.note) : "");
  const done = fetching ? run.download : progress;
  const reached = done ? Math.min(100, (100 * done.step) / Math.max(1, done.total)) : 0;
  const share = run.state === "finished" ? 100 : reached; // it may have ended early
  $(".bar i").style.width = live.hasAttribute("data-busy") ? "" : share + "%";
  $(".bar").setAttribute("aria-valuenow", String(Math.round(share)));
  $(".bar").setAttribute("aria-label", t("Progress"));
  const facts = [];
  if (progress) {
    facts.push(fill("step {step} of {total}", { step: count(progress.step), total: count(progress.total) }));
    for (const [name, n] of Object.entries(progress.counts)) facts.push(fill(name, { n: count(n) }));
    if (!run.ended && progress.rate) {
      const rate = progress.rate < 10 ? progress.rate.toFixed(1) : count(progress.rate);
      facts.push(fill("{n} steps/s", { n: rate }));
      if (run.state === "running" && progress.left !== null) facts.push(duration(progress.left));
    }
  }
  text(".facts", facts.join(" · "));
  text(".about summary", t("Settings of this run"));
  const said = (value) => (value === true ? "✓" : value === false ? "–" : t(String(value)));
  const settings = run.config.map(([label, value]) => [t(label), said(value)]);
  if (run.captions.computed) settings.push([t("Computed with"), say(run.captions.computed)]);
  list($(".about dl"), settings, ([label, value]) => {
    const row = document.createElement("div");
    row.append(made("dt", label), made("dd", value));
    return [row];
  });
}

// --- the buttons around the view --------------------------------------------------------------------------

const button = (name) => document.getElementById(props.controls[name]);

// A button that cannot be used says why; one that can says what it does, and its key.
function explain() {
  const live = ["queued", "running", "pausing", "paused", "stopping"].includes(run.state);
  const idle = live ? t("Only the person who started this run can do that") : t("No run is going on now");
  const hints = {
    start: [t("Start a new run (Ctrl+Enter)"), t("Your run has not ended yet: stop it first, or let it finish")],
    pause: [t("Halt the training; Resume goes on from here"), run.state === "queued" ? t("The run is still in line") : idle],
    resume: [t("Go on with the training"), idle],
    stop: [t("End the run and keep everything (Esc)"), idle],
  };
  for (const [name, [can, cannot]] of Object.entries(hints)) {
    const node = button(name);
    if (node) node.title = node.disabled ? cannot : can;
  }
}

// Esc stops only a run that this tab of the browser began: one sees it in all others too.
const BEGAN = "aigc-playground-began";
const began = () => (sessionStorage.getItem(BEGAN) || "").split(" ");
// Pressed a moment ago, even if the page was reloaded before the run was there.
const STARTING = "aigc-playground-starting-" + props.controls.start;
const starting = () => Date.now() - Number(sessionStorage.getItem(STARTING)) < 20_000;

document.addEventListener("click", (event) => {
  if (!element.isConnected) return;
  if (event.target.closest(`#${props.controls.start}`)) sessionStorage.setItem(STARTING, String(Date.now()));
  if (event.target.closest(`#${props.controls.resume}`)) claim(run.id);
  if (Object.values(props.controls).some((id) => event.target.closest("#" + id))) {
    pressed = Date.now();
    wake();
  }
});

function claim(id) {
  sessionStorage.removeItem(STARTING);
  sessionStorage.setItem(BEGAN, [...began().slice(-9), id].join(" "));
}

function begin() {
  new ResizeObserver(() => run && paint()).observe(element);
  new MutationObserver(() => run && paint()).observe(document.body, { attributeFilter: ["class"] }); // dark mode
  keys(props.controls, () => began().includes(run.id));
  watch("value", () => {
    if (props.value === (run && run.id)) return;
    if (starting()) claim(props.value);
    follow(props.value);
  });
  if (props.value && starting()) claim(props.value);
  follow(props.value);
}
