// A panel of the live view: what the network writes now, as piano rolls to hear, with the history. `props.made` has the
// titles, one for each text of a step, the sixteenths between two bar lines, and the tempo.

const pieces = new Map(); // step -> the pieces as texts, of the history as far as it is here
let fetched = ""; // the run and its last step, whose history was fetched
let stop = null; // while it plays
let [at, heard] = [null, 0]; // the cursor, and which of the pieces it is in

panels.push({
  forget() {
    stop?.();
    pieces.clear();
    fetched = "";
    Object.assign(run, { steps: "", shown: null }); // shown: the step that is looked back at, null for the newest
  },
  take(news) {
    if (news.written_steps !== undefined) run.steps = news.written_steps;
    if (news.written) pieces.set(news.written.step, news.written.texts);
    const kept = new Set(stepsOf());
    for (const step of pieces.keys()) if (!kept.has(step)) pieces.delete(step);
  },
  paint: paintMade,
});

const stepsOf = () => (run.steps ? run.steps.split(",").map(Number) : []);
const pieceOf = (i) => pieces.get(run.shown ?? stepsOf().at(-1))?.[i];
const figures = () => [...element.querySelectorAll(".made figure")];

function paintMade() {
  const steps = stepsOf();
  const last = Math.max(0, steps.length - 1);
  const range = $(".scrub input");
  range.max = String(last);
  range.disabled = last === 0;
  if (run.shown === null) range.value = String(last);
  const caption = steps.length ? fill("step {step}", { step: count(run.shown ?? steps.at(-1)) }) : "";
  range.setAttribute("aria-label", t("History of what it wrote"));
  range.setAttribute("aria-valuetext", caption);
  text(".newest", t("Newest"));
  $(".newest").disabled = run.shown === null;
  figures().forEach((figure, i) => paintPiece(figure, i, caption));
}

function paintPiece(figure, i, caption) {
  const [title, hear, canvas] = [".made-title", ".hear", "canvas"].map((each) => figure.querySelector(each));
  const [name, sounds] = [say(props.made.titles[i]), stop && heard === i];
  const said = sounds ? "■ " + t("Stop") : "▶ " + t("Play");
  if (title.textContent !== name) title.textContent = name;
  if (hear.textContent !== said) hear.textContent = said;
  hear.setAttribute("aria-label", `${sounds ? t("Stop") : t("Play")}: ${name}`);
  hear.disabled = !Context || !pieceOf(i);
  canvas.setAttribute("aria-label", fill("{name}, as a piano roll. {step}", { name, step: caption }));
  figure.querySelector(".made-step").textContent = caption;
  const voices = (pieceOf(i) ?? "").split("\n");
  const piece = { voices, bar: props.made.rows, pickup: 0 };
  if (canvas.parentElement.clientWidth && voices[0]) paintRoll(canvas, piece, sounds ? at : null);
}

async function fetchHistory() {
  const steps = stepsOf();
  const mark = `${run.id} ${steps.at(-1)}`;
  if (fetched === mark || steps.every((step) => pieces.has(step))) return;
  fetched = mark;
  const id = run.id;
  try {
    const answer = await fetch(`${LIVE}${encodeURIComponent(id)}/written`, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    const history = answer.ok ? await answer.json() : [];
    if (id === run.id) for (const each of history) pieces.set(each.step, each.texts);
  } catch {
    fetched = ""; // the connection is cut: again when it is wanted again
  }
}

async function look(index) {
  run.shown = stepsOf()[index];
  await fetchHistory();
  paint();
}

function hear(i) {
  const again = stop && heard === i;
  stop?.();
  if (again) return;
  const ended = () => {
    [stop, at] = [null, null];
    paint();
  };
  const moved = (row) => {
    at = row;
    paintMade();
  };
  heard = i;
  stop = play(notesOf(pieceOf(i).split("\n")), 0, { seconds: () => 15 / props.made.tempo, hears: () => true, moved, ended });
  paint();
}

// Listeners sit on the component's root, whose children Gradio may put in anew.
element.addEventListener("input", (event) => {
  if (!event.target.matches(".scrub input")) return;
  stop?.();
  const index = Number(event.target.value);
  if (index < Number(event.target.max)) return look(index);
  run.shown = null;
  paint();
});
element.addEventListener("click", (event) => {
  if (event.target.matches(".hear")) hear(figures().indexOf(event.target.closest("figure")));
  if (!event.target.matches(".newest")) return;
  stop?.();
  run.shown = null;
  paint();
});
