// A panel of the live view: the chorale that the network writes now, as a piano roll to hear, with the history.

const pieces = new Map(); // step -> the piece as text, of the history as far as it is here
let fetched = ""; // the run and its last step, whose history was fetched
let stop = null; // while it plays
let at = null; // the cursor

panels.push({
  forget() {
    stop?.();
    pieces.clear();
    fetched = "";
    Object.assign(run, { steps: "", shown: null }); // shown: the step that is looked back at, null for the newest
  },
  take(news) {
    if (news.written_steps !== undefined) run.steps = news.written_steps;
    if (news.written) pieces.set(news.written.step, news.written.texts[0]);
    const kept = new Set(stepsOf());
    for (const step of pieces.keys()) if (!kept.has(step)) pieces.delete(step);
  },
  paint: paintMade,
});

const stepsOf = () => (run.steps ? run.steps.split(",").map(Number) : []);
const pieceOf = () => pieces.get(run.shown ?? stepsOf().at(-1));

function paintMade() {
  const steps = stepsOf();
  const last = Math.max(0, steps.length - 1);
  const range = $(".scrub input");
  range.max = String(last);
  range.disabled = last === 0;
  if (run.shown === null) range.value = String(last);
  const caption = steps.length ? fill("step {step}", { step: count(run.shown ?? steps.at(-1)) }) : "";
  range.setAttribute("aria-label", t("History of the chorales"));
  range.setAttribute("aria-valuetext", caption);
  text(".made-title", t("What it writes, from the same chance each time"));
  text(".made-step", caption);
  text(".hear", stop ? "■ " + t("Stop") : "▶ " + t("Play"));
  text(".newest", t("Newest"));
  $(".hear").disabled = !Context || !pieceOf();
  $(".newest").disabled = run.shown === null;
  const canvas = $("canvas.roll");
  canvas.setAttribute("aria-label", `${t("The chorale that the network writes now, as a piano roll")}. ${caption}`);
  const voices = (pieceOf() ?? "").split("\n");
  if (canvas.parentElement.clientWidth && voices.length === 4) paintRoll(canvas, { voices, bar: 16, pickup: 0 }, at);
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
    if (id === run.id) for (const each of history) pieces.set(each.step, each.texts[0]);
  } catch {
    fetched = ""; // the connection is cut: again when it is wanted again
  }
}

async function look(index) {
  run.shown = stepsOf()[index];
  await fetchHistory();
  paint();
}

function hear() {
  if (stop) return stop();
  const ended = () => {
    [stop, at] = [null, null];
    paint();
  };
  const moved = (row) => {
    at = row;
    paintMade();
  };
  stop = play(notesOf(pieceOf().split("\n")), 0, { seconds: () => 15 / 84, hears: () => true, moved, ended });
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
  if (event.target.matches(".hear")) hear();
  if (!event.target.matches(".newest")) return;
  stop?.();
  run.shown = null;
  paint();
});
