// The piano roll: props.value is JSON, {voices, sure, locked, bar, pickup, tempo, frames}; see view.py. What is played,
// locked, rubbed out or drawn here is kept in that value, which travels with the next request that asks for it.

const KEYS = "awsedftgyhujkolp"; // of the computer's keyboard, from C on
const [FIRST_KEY, LAST_KEY] = [60, 81];
const BACK = 30; // changes that can be taken back
const FRAME = 70; // milliseconds between two passes as they are shown
const canvas = $("canvas");
const heard = [true, true, true, true];
let piece = { voices: ["", "", "", ""], bar: 16, pickup: 0, tempo: 90 };
let mine = null; // the value that was made here
let before = []; // values that can be gone back to
let cursor = 0;
let tool = "listen";
let drag = null; // rows that are being marked
let place = null;
let stop = null; // while it plays
let showing = 0; // of the passes
let about = "";
let doing = ""; // meanwhile

const rows = () => piece.voices[0].length;
const hears = (voice) => heard[voice];
const seconds = () => 15 / piece.tempo;

const paint = eachFrame(() => {
  if (canvas.parentElement.clientWidth) place = paintRoll(canvas, piece, cursor, hears, drag && span());
  const holes = piece.voices.reduce((sum, line) => sum + [...line].filter((letter) => letter === HOLE).length, 0);
  const words = { bars: Math.ceil((rows() + piece.pickup) / piece.bar), notes: count(notesOf(piece.voices).length), holes: count(holes) };
  const said = fill("Piano roll: {bars} bars, {notes} notes, {holes} sixteenths to fill.", words);
  canvas.setAttribute("aria-label", `${said} ${t("Arrow keys move the cursor, Space plays, Delete rubs out the bar, L locks what stands there.")}`);
  $(".undo").disabled = !before.length;
  $(".go").disabled = !Context || !rows();
});

function load() {
  if (props.value === mine) return;
  const next = JSON.parse(props.value || "null");
  if (!next) return;
  if (mine !== null && rows()) before = [...before.slice(1 - BACK), mine];
  mine = props.value;
  doing = "";
  halt();
  piece = next;
  cursor = 0;
  $(".pace input").value = piece.tempo;
  $(".pace output").textContent = fill("{tempo} a minute", { tempo: piece.tempo });
  tell(say(piece.about));
  if (piece.frames?.length) unfold(piece.frames, ++showing);
  paint();
}

// Shows how the holes filled in, pass after pass.
async function unfold(frames, now) {
  const end = { voices: piece.voices, sure: piece.sure };
  for (const [grid, sure] of frames) {
    Object.assign(piece, { voices: grid.split("\n"), sure: sure.split("\n") });
    paint();
    await new Promise((done) => setTimeout(done, FRAME));
    if (now !== showing || stop) break;
  }
  if (now === showing) Object.assign(piece, end);
  paint();
}

// What was changed becomes the value.
function keep(next) {
  before = [...before.slice(1 - BACK), mine];
  showing += 1;
  piece = { ...piece, ...next, frames: undefined };
  mine = props.value = JSON.stringify(piece);
  trigger("input");
  paint();
}

// What is so of the piece; while one is made, that stands there.
function tell(sentence) {
  about = sentence;
  $(".told").textContent = doing || about;
}

// --- playing -----------------------------------------------------------------------------------------------------

function halt() {
  stop?.();
}

function toggle() {
  if (stop) return halt();
  showing += 1;
  if (cursor >= rows() - 1) cursor = 0;
  const scroll = $(".scroll");
  const ended = () => {
    stop = null;
    if (cursor >= rows() - 1) cursor = 0;
    name();
    paint();
  };
  const moved = (row) => {
    cursor = row;
    const at = place ? place.at(row) : 0;
    if (at < scroll.scrollLeft || at > scroll.scrollLeft + scroll.clientWidth - 40) scroll.scrollLeft = at - 40;
    paint();
  };
  stop = play(notesOf(piece.voices), cursor, { seconds, hears, moved, ended });
  name();
}

const name = () => ($(".go").textContent = stop ? "■ " + t("Stop") : "▶ " + t("Play"));

// --- changing it -------------------------------------------------------------------------------------------------

const set = (line, row, letter) => line.slice(0, row) + letter + line.slice(row + 1);

// A note that went on into rows which are not its any more begins again behind them.
function cut(line, old, row) {
  if (row >= line.length || line[row] !== HELD) return line;
  let start = row;
  while (start > 0 && old[start] === HELD) start -= 1;
  return set(line, row, old[start] === HELD || old[start] === HOLE ? SILENT : old[start]);
}

function rubOut(from, to) {
  const voices = piece.voices.map((line, voice) => {
    if (!heard[voice]) return line;
    let next = line;
    for (let row = from; row < to; row++) if (piece.locked?.[voice]?.[row] !== "1") next = set(next, row, HOLE);
    return cut(next, line, to);
  });
  keep({ voices });
  tell(t("Rubbed out. Press Fill the holes."));
}

function write(voice, row, pitch, length) {
  const old = piece.voices[voice];
  let line = old;
  const end = Math.min(rows(), row + length);
  for (let at = row; at < end; at++) line = set(line, at, at === row ? letterOf(pitch) : HELD);
  line = cut(line, old, end);
  keep({ voices: piece.voices.map((each, i) => (i === voice ? line : each)) });
}

// The note under a point: {pitch, start, length, voice}, if any.
function noteAt(row, pitch) {
  const under = notesOf(piece.voices).filter((note) => note.start <= row && row < note.start + note.length);
  return under.sort((a, b) => Math.abs(a.pitch - pitch) - Math.abs(b.pitch - pitch))[0];
}

function lock(notes) {
  const locked = piece.voices.map((line, voice) => piece.locked?.[voice] ?? "0".repeat(line.length));
  const free = notes.some((note) => locked[note.voice][note.start] !== "1");
  for (const note of notes)
    for (let row = note.start; row < note.start + note.length; row++) locked[note.voice] = set(locked[note.voice], row, free ? "1" : "0");
  keep({ locked });
}

const span = () => [Math.floor(Math.min(...drag) / 4) * 4, Math.min(rows(), Math.ceil((Math.max(...drag) + 0.01) / 4) * 4)];

function point(event) {
  const box = canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const row = Math.max(0, Math.min(rows() - 1, x / place.cell));
  return [row, Math.round(place.high - (y - place.top) / place.step)];
}

const drawn = () => Math.max(0, heard.indexOf(true)); // the voice that is written into: the first that is heard

canvas.addEventListener("pointerdown", (event) => {
  if (event.button || !rows() || !place) return;
  const [row, pitch] = point(event);
  if (tool === "listen") {
    halt();
    cursor = row;
    return paint();
  }
  event.preventDefault();
  if (tool === "lock") {
    const note = noteAt(Math.floor(row), pitch);
    return note && lock([note]);
  }
  if (tool === "draw") {
    const start = Math.floor(row / 2) * 2;
    if (Context) sing(audio(), audio().master, pitch, audio().context.currentTime, 0.3);
    return write(drawn(), start, Math.max(LOWEST, Math.min(81, pitch)), Number($(".length select").value));
  }
  canvas.setPointerCapture(event.pointerId);
  drag = [row, row];
  paint();
});
canvas.addEventListener("pointermove", (event) => {
  if (!drag) return;
  drag[1] = point(event)[0];
  paint();
});
for (const end of ["pointerup", "pointercancel"])
  canvas.addEventListener(end, () => {
    if (drag) {
      const [from, to] = span();
      drag = null;
      rubOut(from, to);
    }
  });

canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !rows()) return;
  const bar = () => Math.floor((Math.floor(cursor) + piece.pickup) / piece.bar) * piece.bar - piece.pickup;
  const acts = {
    ArrowRight: () => (cursor = Math.min(rows() - 1, Math.floor(cursor / 4) * 4 + 4)),
    ArrowLeft: () => (cursor = Math.max(0, Math.ceil(cursor / 4) * 4 - 4)),
    Home: () => (cursor = 0),
    " ": toggle,
    Delete: () => props.edits && rubOut(Math.max(0, bar()), Math.min(rows(), bar() + piece.bar)),
    l: () => props.edits && lock(notesOf(piece.voices).filter((note) => note.start <= cursor && cursor < note.start + note.length)),
  };
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
  paint();
});

// --- the keyboard ------------------------------------------------------------------------------------------------

// Writes a note into the melody where the cursor stands, and moves on.
function strike(pitch) {
  if (!rows()) return;
  const length = Number($(".length select").value);
  const row = Math.floor(cursor);
  if (Context) {
    window.aigcAudio?.silence();
    sing(audio(), audio().master, pitch, audio().context.currentTime, Math.max(0.2, length * seconds()));
  }
  write(0, row, pitch, length);
  cursor = Math.min(rows() - 1, row + length);
  const node = $(`.keyboard [data-pitch="${pitch}"]`);
  node.classList.add("down");
  setTimeout(() => node.classList.remove("down"), 150);
  paint();
}

function makeKeyboard() {
  for (let pitch = FIRST_KEY; pitch <= LAST_KEY; pitch++) {
    const node = document.createElement("button");
    node.type = "button";
    node.tabIndex = -1;
    node.dataset.pitch = pitch;
    node.ariaLabel = nameOf(pitch);
    if (NAMES[pitch % 12].length > 1) node.className = "black";
    else node.textContent = pitch % 12 ? "" : nameOf(pitch);
    $(".keyboard").append(node);
  }
  $(".keyboard").addEventListener("pointerdown", (event) => {
    const key = event.target.closest("[data-pitch]");
    if (key && !event.button) strike(Number(key.dataset.pitch));
  });
  $(".keyboard").addEventListener("keydown", (event) => {
    const at = KEYS.indexOf(event.key.toLowerCase());
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    event.preventDefault();
    strike(FIRST_KEY + at);
  });
}

// --- what stands around it ---------------------------------------------------------------------------------------

function makeButtons() {
  VOICES.forEach((voice, i) => {
    const node = document.createElement("button");
    node.type = "button";
    node.style.setProperty("--own", COLORS[i]);
    node.append(document.createElement("i"), t(voice));
    node.setAttribute("aria-pressed", true);
    node.onclick = () => {
      heard[i] = !heard[i];
      node.setAttribute("aria-pressed", heard[i]);
      paint();
    };
    $(".voices").append(node);
  });
  const tools = { listen: "Listen", lock: "Lock notes", rub: "Rub out", draw: "Draw notes" };
  for (const [key, words] of Object.entries(tools)) {
    const node = document.createElement("button");
    Object.assign(node, { type: "button", textContent: t(words), onclick: () => choose(key) });
    node.dataset.tool = key;
    node.setAttribute("role", "radio");
    $(".tools").append(node);
  }
  for (const [length, words] of [[2, "Eighth"], [4, "Quarter"], [6, "Dotted quarter"], [8, "Half"], [16, "Whole"]])
    $(".length select").append(new Option(t(words), length, length === 4, length === 4));
}

function choose(key) {
  tool = key;
  canvas.classList.toggle("edits", key !== "listen");
  for (const node of $(".tools").children) node.setAttribute("aria-checked", node.dataset.tool === key);
}

$(".go").onclick = toggle;
$(".pace input").oninput = (event) => {
  piece.tempo = Number(event.target.value);
  $(".pace output").textContent = fill("{tempo} a minute", { tempo: piece.tempo });
  if (stop) halt();
  mine = props.value = JSON.stringify({ ...piece, frames: undefined });
};
$(".undo").onclick = () => {
  halt();
  showing += 1;
  mine = props.value = before.pop();
  piece = JSON.parse(mine);
  trigger("input");
  paint();
};
$(".clear").onclick = () => {
  halt();
  const length = rows();
  keep({ voices: [SILENT.repeat(length), ...[1, 2, 3].map(() => HOLE.repeat(length))], sure: null, locked: null });
  cursor = 0;
  tell(t("Empty. Play a melody on the keys below or draw it, then press Harmonise."));
};
makeButtons();
makeKeyboard();
name();
choose("listen");
$(".pace span").textContent = t("Tempo");
$(".length span").textContent = t("Length of a note");
$(".undo").textContent = t("Undo");
$(".clear").textContent = t("New melody");
$(".edit").setAttribute("aria-label", t("Change the piece"));
$(".tools").setAttribute("aria-label", t("What a press on the roll does"));
$(".voices").setAttribute("aria-label", t("Voices that are heard, and rubbed out"));
$(".keyboard").setAttribute("aria-label", t("Keys that write the melody; also the letters A to P of the computer's keyboard"));
$(".edit").hidden = $(".keyboard").hidden = !props.edits;
if (!Context) {
  $(".go").title = t("This browser has no WebAudio, so nothing can be played here; the files can be heard elsewhere.");
}
new ResizeObserver(paint).observe($(".scroll"));
watch("value", load);
window.addEventListener("aigc-doing", ({ detail }) => {
  if (!element.isConnected || !detail.ids.some((id) => element.closest("#" + id))) return;
  doing = t(detail.doing);
  tell(about);
});
load();
paint();
