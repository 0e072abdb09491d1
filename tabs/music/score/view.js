// Draws a tune and plays it. props.value is JSON, see view.py: {"abc", "notes": [[pitch, start, length, place in abc]],
// "tempo", "about"}, or empty.

const WIDE = 560; // px of paper from which a line has four bars
let shown = null; // the value that stands there
let tune = null;
let [drawn, width] = ["", 0];
let places = []; // [place in the ABC, elements of the page], in order
let lit = [];

const ROOT = new URL(window.gradio_config?.root || "/", location.href);
const ORIGIN = ROOT.hostname === location.hostname ? location.origin : ROOT.origin;
const voice = player(paint, follow);

async function load() {
  if (props.value === shown) return;
  shown = props.value;
  voice.stop();
  tune = JSON.parse(shown || "null");
  if (tune) $(".tempo input").value = String(tune.tempo);
  drawn = "";
  paint();
  if (tune) await draw();
}

// abcjs once for the page; nothing else asks for it.
function fetchAbcjs() {
  window.aigcAbcjs ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = ORIGIN + ROOT.pathname.replace(/\/$/, "") + "/abcjs.js";
    script.onload = () => done(window.ABCJS);
    script.onerror = () => {
      window.aigcAbcjs = undefined;
      fail(new Error("abcjs"));
    };
    document.head.append(script);
  });
  return window.aigcAbcjs;
}

async function draw() {
  const paper = $(".paper");
  const wanted = tune;
  let abcjs = null;
  try {
    abcjs = await fetchAbcjs();
  } catch {
    return paint(t("The score could not be drawn: the connection is cut. Reload the page."));
  }
  if (wanted !== tune || !paper.clientWidth) return;
  width = paper.clientWidth;
  const bars = width < WIDE ? 2 : 4;
  const [score] = abcjs.renderAbc(paper, tune.abc, {
    staffwidth: width - 30, wrap: { minSpacing: 1.2, maxSpacing: 3.2, preferredMeasuresPerLine: bars },
    foregroundColor: "currentColor", add_classes: true, paddingleft: 10, paddingright: 10, paddingtop: 4, paddingbottom: 8,
    ariaLabel: t("The score of the tune"),
  });
  drawn = tune.abc;
  places = [];
  const notes = score.lines.flatMap((line) => line.staff ?? []).flatMap((staff) => staff.voices.flat());
  for (const note of notes) {
    if (note.el_type === "note" && note.abselem) places.push([note.startChar, note.endChar, note.abselem.elemset ?? []]);
  }
  paint();
}

function paint(trouble = "") {
  const button = $(".play");
  const playing = voice.playing();
  const said = playing ? "■ " + t("Stop") : "▶ " + t("Play");
  if (button.textContent !== said) button.textContent = said;
  button.disabled = !tune || !voice.able();
  $(".player").setAttribute("aria-label", t("Player"));
  $(".tempo span").textContent = t("Tempo");
  $(".tempo input").setAttribute("aria-valuetext", fill("{count} quarter notes a minute", { count: tempo() }));
  $(".tempo input").title = fill("{count} quarter notes a minute", { count: tempo() });
  const paper = $(".paper");
  paper.dataset.empty = typeof trouble === "string" && trouble ? trouble : t("A tune will stand here as a score.");
  if (!tune) paper.replaceChildren();
  $(".about").textContent = voice.able() ? say(tune?.about) : t("This browser cannot play sound; take the WAV file instead.");
  if (!playing) {
    light([]);
    $(".time").textContent = tune ? fill("{seconds} s", { seconds: seconds(length()) }) : "";
  }
}

const tempo = () => Number($(".tempo input").value);
const begin = () => Math.min(...tune.notes.map((note) => note[1]));
const length = () => Math.max(...tune.notes.map((note) => note[1] + note[2])) - begin();
const seconds = (beats) => Math.round((beats * 60) / tempo());

// The note that sounds is marked, at each frame.
function follow(beat) {
  const note = tune.notes.findLast((each) => each[1] <= beat);
  const place = note && beat < note[1] + note[2] ? note[3] : -1;
  light(places.find(([from, to]) => from <= place && place < to)?.[2] ?? []);
  const said = fill("{seconds} s", { seconds: `${seconds(Math.max(0, beat - begin()))} / ${seconds(length())}` });
  if ($(".time").textContent !== said) $(".time").textContent = said;
}

function light(elements) {
  if (elements[0] === lit[0]) return;
  for (const each of lit) each.classList.remove("sounding");
  for (const each of elements) each.classList.add("sounding");
  lit = elements;
}

// Listeners sit on the component's root, whose children Gradio may put in anew.
element.addEventListener("click", (event) => {
  if (!event.target.closest(".play") || !tune) return;
  voice.playing() ? voice.stop() : voice.play(tune.notes, tempo());
});
element.addEventListener("input", (event) => {
  if (!event.target.matches(".tempo input")) return;
  voice.setTempo(tempo());
  paint();
});

keys(props.controls);
document.addEventListener("keydown", (event) => event.key === "Escape" && element.isConnected && voice.stop());

new ResizeObserver(() => {
  const now = $(".paper")?.clientWidth ?? 0;
  if (tune && now && (Math.abs(now - width) > 8 || drawn !== tune.abc)) draw();
}).observe(element);
watch("value", load);
load();
