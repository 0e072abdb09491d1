// Follows the run whose id is props.value: asks the server for news, and paints what came.
// `element`, `props`, `server`, `trigger` and `watch` are given by Gradio (gr.HTML, js_on_load).

const PACE = 450; // ms between answers: about two pictures a second
const SMOOTH = 0.92; // weight of the past in the smoothed curves
const chinese = (navigator.language || "").toLowerCase().startsWith("zh");
const $ = (selector) => element.querySelector(selector);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// --- words ---------------------------------------------------------------------------------------

const t = (text) => (chinese && props.words[text]) || text;

function say(message) {
  if (message === null || message === undefined) return "";
  if (typeof message !== "object") return t(String(message));
  return t(message.template).replace(/\{(\w+)\}/g, (all, name) =>
    name in message.values ? say(message.values[name]) : all,
  );
}

const fill = (template, values) => say({ template, values });
const count = (number) => Math.round(number).toLocaleString(chinese ? "zh-CN" : "en-US");

function duration(seconds) {
  if (seconds < 55) return fill("about {n} s left", { n: Math.max(1, Math.ceil(seconds / 5) * 5) });
  if (seconds < 5400) return fill("about {n} min left", { n: Math.round(seconds / 60) });
  return fill("about {n} h left", { n: (seconds / 3600).toFixed(1) });
}

const STATES = {
  none: "Nothing running", queued: "In line", running: "Training", pausing: "Pausing…", paused: "Paused",
  stopping: "Stopping…", stopped: "Stopped, and kept", finished: "Finished", failed: "Failed", gone: "Gone",
};

// --- what is known of the run -----------------------------------------------------------------------

let run; // the model that is painted
let generation = 0; // follow() of an older generation ends by itself
const frames = new Map(); // step -> data address, of grids looked at

function forget(id) {
  run = { id, state: "none", version: 0, series: {}, steps: "", shown: null, config: [], captions: {} };
  frames.clear();
}

function take(news) {
  for (const key of ["version", "state", "ended", "position", "note", "error", "progress", "verdict", "shares"])
    run[key] = news[key];
  if (news.config) run.config = news.config;
  if (news.reference) run.reference = news.reference;
  if (news.captions) run.captions = news.captions;
  if (news.frame) {
    run.frame = news.frame;
    frames.set(news.frame.step, news.frame.src);
  }
  if (news.steps !== undefined) run.steps = news.steps;
  for (const [group, part] of Object.entries(news.series)) {
    const old = run.series[group];
    const keep = old && old.width === part.width ? part.start : 0;
    const series = { width: part.width, steps: numbers(part.steps), columns: {} };
    if (keep) series.steps = old.steps.slice(0, keep).concat(series.steps);
    for (const [name, text] of Object.entries(part.columns)) {
      const values = numbers(text);
      series.columns[name] = keep ? old.columns[name].slice(0, keep).concat(values) : values;
    }
    run.series[group] = series;
  }
}

const numbers = (text) => (text ? text.split(",").map(Number) : []);

function cursor() {
  const series = {};
  for (const [group, s] of Object.entries(run.series)) series[group] = [s.width, s.steps.length];
  return {
    run: run.id, version: run.version, series, steps: run.steps,
    frame: run.frame ? run.frame.step : null, reference: Boolean(run.reference),
    captions: Object.keys(run.captions).length,
  };
}

async function follow(id) {
  const mine = ++generation;
  stopPlaying();
  forget(id);
  paint();
  while (id && mine === generation && element.isConnected) {
    if (document.hidden || element.offsetParent === null) {
      await sleep(300);
      continue;
    }
    const asked = Date.now();
    const news = await server.watch(cursor()); // undefined when the connection is cut
    if (mine !== generation || !element.isConnected) return;
    if (!news) {
      trouble(t("The connection is cut. The run goes on; trying again…"));
      await sleep(1000);
      continue;
    }
    if (news.state === "gone") {
      run.state = "gone";
      trouble(t("There is no such run here any more."));
      paint();
      trigger("tick");
      return;
    }
    const before = run.state;
    take(news);
    trouble(run.error ? say(run.error) : "");
    paint();
    if (before !== run.state) trigger("tick");
    if (run.ended) return;
    await sleep(Math.max(0, PACE - (Date.now() - asked)));
  }
}

// --- painting ---------------------------------------------------------------------------------------

function text(selector, value) {
  const node = $(selector);
  if (node && node.textContent !== value) node.textContent = value;
}

function trouble(sentence) {
  const node = $(".trouble");
  node.hidden = !sentence;
  node.textContent = sentence;
}

let painting = false;
function paint() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    if (!element.isConnected) return;
    paintStatus();
    paintGrids();
    paintVerdict();
    paintCharts();
    paintShares();
    explain();
    setTimeout(explain, 700); // once the buttons have followed the state
  });
}

function paintStatus() {
  const live = $(".live");
  const progress = run.progress;
  const starting = run.state === "running" && !progress;
  live.dataset.state = run.state;
  live.setAttribute("aria-busy", String(!run.ended && run.state !== "none"));
  live.toggleAttribute("data-busy", starting || run.state === "queued");
  const place = run.state === "queued" && run.position ? " · " + fill("place {n}", { n: run.position }) : "";
  text(".state", t(starting ? "Starting…" : STATES[run.state] || "") + place);
  text(".note", say(run.note));
  const share = progress ? (100 * progress.step) / Math.max(1, progress.total) : 0;
  $(".bar i").style.width = starting || run.state === "queued" ? "" : share + "%";
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
  if ($(".about dl").childElementCount !== run.config.length) {
    $(".about dl").replaceChildren(
      ...run.config.map(([label, value]) => {
        const row = document.createElement("div");
        for (const [tag, words] of [["dt", t(label)], ["dd", value === true ? "✓" : value === false ? "–" : t(String(value))]])
          row.appendChild(document.createElement(tag)).textContent = words;
        return row;
      }),
    );
  }
}

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

function paintVerdict() {
  const verdict = run.verdict;
  $(".verdict").dataset.state = verdict ? verdict.state : "none";
  text(".verdict .title", verdict ? say(verdict.title) : t("Diagnosis"));
  text(".verdict .reason", verdict ? say(verdict.reason) : t("Appears here in plain words once there is something to measure."));
  text(".verdict .advice", verdict ? say(verdict.advice) : "");
}

function paintShares() {
  const shares = run.shares;
  $(".charts .shares").style.visibility = shares ? "" : "hidden";
  if (!shares) return;
  text(".shares-title", t(shares.name));
  const bars = $(".bars");
  if (bars.childElementCount !== 3 * shares.labels.length) {
    bars.replaceChildren(
      ...shares.labels.flatMap((label) => {
        const name = document.createElement("div");
        name.textContent = t(label);
        return [name, document.createElement("i"), document.createElement("span")];
      }),
    );
  }
  const most = Math.max(0.2, ...shares.values);
  const few = 0.1 / shares.values.length; // a tenth of a fair share counts as missing
  shares.values.forEach((value, i) => {
    const [, bar, number] = Array.from(bars.children).slice(3 * i, 3 * i + 3);
    bar.style.width = (100 * value) / most + "%";
    bar.classList.toggle("missing", value < few);
    number.textContent = (100 * value).toFixed(value < 0.0995 ? 1 : 0) + "%";
  });
}

// --- curves -------------------------------------------------------------------------------------------

function paintCharts() {
  const color = (name) => getComputedStyle($(".live")).getPropertyValue(name).trim();
  const losses = run.series.losses;
  const scores = run.series.scores;
  const pick = (series, names) =>
    names.map(([name, tint]) => ({ name, tint: color(tint), values: (series && series.columns[name]) || [] }));
  text(".losses-title", t("Losses"));
  text(".outputs-title", t("What D says: of real and of generated pictures"));
  text(".frechet-title", t("Fréchet distance: lower is closer to the real pictures"));
  text(".captions", Object.values(run.captions).map(say).join(" "));
  curve($("canvas.losses"), losses, pick(losses, [["Loss_D", "--theirs"], ["Loss_G", "--ours"]]), true);
  curve($("canvas.outputs"), losses, pick(losses, [["D(x)", "--theirs"], ["D(G(z))", "--ours"]]), true);
  curve($("canvas.frechet"), scores, pick(scores, [["Fréchet distance", "--good"]]), false, true);
}

function smooth(values) {
  let mean = null;
  return values.map((v) => (Number.isFinite(v) ? (mean = mean === null ? v : SMOOTH * mean + (1 - SMOOTH) * v) : mean));
}

// The range that most points lie in: one spike must not flatten the rest.
function limits(lines, fromZero) {
  const sorted = lines.flatMap((line) => line.values.filter(Number.isFinite)).sort((a, b) => a - b);
  if (!sorted.length) return [0, 1];
  let low = sorted[Math.floor(0.01 * (sorted.length - 1))];
  let high = sorted[Math.ceil(0.98 * (sorted.length - 1))];
  if (fromZero || (low > 0 && low < 0.5 * high)) low = 0;
  if (high - low < 1e-6) high = low + 1;
  const unit = 10 ** Math.floor(Math.log10((high - low) / 3));
  const step = [1, 2, 5, 10].map((m) => m * unit).find((s) => (high - low) / s <= 4.5);
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step, step];
}

function curve(canvas, series, lines, smoothed, fromZero) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!width) return;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  const style = getComputedStyle($(".live"));
  const subdued = style.getPropertyValue("--body-text-color-subdued");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "11px " + style.fontFamily;
  pen.textBaseline = "middle";

  const box = { left: 44, right: width - 6, top: 20, bottom: height - 18 };
  const [low, high, step] = limits(lines, fromZero);
  const steps = series ? series.steps : [];
  const end = Math.max(1, steps.length ? steps[steps.length - 1] : 1);
  const x = (s) => box.left + ((box.right - box.left) * s) / end;
  const y = (v) => box.bottom - ((box.bottom - box.top) * (v - low)) / (high - low);

  pen.lineWidth = 1;
  pen.strokeStyle = style.getPropertyValue("--border-color-primary");
  pen.fillStyle = subdued;
  pen.textAlign = "right";
  for (let v = low; step && v <= high + step / 2; v += step) {
    pen.beginPath();
    pen.moveTo(box.left, y(v));
    pen.lineTo(box.right, y(v));
    pen.stroke();
    pen.fillText(String(Number(v.toPrecision(3))), box.left - 6, y(v));
  }
  pen.fillText(steps.length ? count(end) : "", box.right, height - 7);
  pen.textAlign = "left";
  pen.fillText(t("step"), box.left, height - 7);

  const words = [];
  let at = box.left;
  pen.save();
  for (const line of lines) {
    const even = smoothed ? smooth(line.values) : line.values;
    const now = even.length ? even[even.length - 1] : null;
    const label = t(line.name) + (now === null ? "" : " " + Number(now.toPrecision(3)));
    pen.fillStyle = line.tint;
    pen.fillRect(at, 6, 10, 4);
    pen.fillStyle = subdued;
    pen.fillText(label, at + 14, 8);
    at += 26 + pen.measureText(label).width;
    words.push(label);
  }
  pen.beginPath();
  pen.rect(box.left, box.top - 2, box.right - box.left + 2, box.bottom - box.top + 4);
  pen.clip();
  for (const line of lines) {
    if (smoothed) draw(pen, steps, line.values, x, y, line.tint, 0.3, 1);
    draw(pen, steps, smoothed ? smooth(line.values) : line.values, x, y, line.tint, 1, 1.8);
  }
  if (run.shown !== null && steps.length) {
    pen.strokeStyle = subdued;
    pen.beginPath();
    pen.moveTo(x(run.shown), box.top);
    pen.lineTo(x(run.shown), box.bottom);
    pen.stroke();
  }
  pen.restore();
  canvas.setAttribute("aria-label", words.join(", "));
}

function draw(pen, steps, values, x, y, tint, alpha, thickness) {
  pen.globalAlpha = alpha;
  pen.strokeStyle = tint;
  pen.lineWidth = thickness;
  pen.beginPath();
  let down = false;
  values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) return (down = false);
    down ? pen.lineTo(x(steps[i]), y(value)) : pen.moveTo(x(steps[i]), y(value));
    down = true;
  });
  if (values.length === 1) pen.arc(x(steps[0]), y(values[0]), 1, 0, 6.3);
  pen.stroke();
  pen.globalAlpha = 1;
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
    const src = await server.frame({ run: id, step });
    if (id !== run.id) return;
    if (src) frames.set(step, src);
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

document.addEventListener("keydown", (event) => {
  if (!element.isConnected || element.offsetParent === null) return;
  const name = event.key === "Enter" && (event.ctrlKey || event.metaKey) ? "start" : event.key === "Escape" ? "stop" : "";
  const node = name && button(name);
  if (node && !node.disabled) node.click();
});

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
new ResizeObserver(() => run && paint()).observe(element);
new MutationObserver(() => run && paint()).observe(document.body, { attributeFilter: ["class"] }); // dark mode
watch("value", () => props.value !== (run && run.id) && follow(props.value));
follow(props.value);
