// A panel of the live view: the history of the run on a slider, for the panels behind it that show what it made.
// Such a panel paints what run.shown says: the step that is looked back at, null for the newest. It names the slider,
// gets what a step needs in see(step), and puts its own in the place of what it does in another way.

const scrub = {
  name: () => "",
  see: async () => {},
  pace: (total) => Math.max(50, Math.min(250, 8000 / total)), // ms that a replay shows a step
  halt: () => (playing = null),

  async look(index) {
    const steps = stepsOf();
    const step = (run.shown = steps[Math.max(0, Math.min(index, steps.length - 1))]);
    $(".scrub input").value = String(index);
    await scrub.see(step);
    if (run.shown === step) paint();
  },

  newest() {
    scrub.halt();
    run.shown = null;
    paint();
  },

  async replay() {
    const mine = (playing = {});
    const id = run.id;
    const total = stepsOf().length;
    for (let i = 0; i < total && playing === mine && run.id === id; i++) {
      const began = Date.now();
      await scrub.look(i);
      await sleep(Math.max(0, scrub.pace(total) - (Date.now() - began)));
    }
    if (playing === mine) scrub.newest();
  },
};
let playing = null; // an object for each replay

const stepsOf = () => (run.steps ? run.steps.split(",").map(Number) : []);
const shownStep = () => run.shown ?? stepsOf().at(-1) ?? null;
const shownCaption = () => (shownStep() === null ? "" : fill("step {step}", { step: count(shownStep()) }));

panels.push({
  forget() {
    scrub.halt();
    fetched = "";
    Object.assign(run, { steps: "", shown: null });
  },
  paint: paintScrub,
});

function paintScrub() {
  const last = Math.max(0, stepsOf().length - 1);
  const [range, play] = [$(".scrub input"), $(".scrub .play")];
  range.max = String(last);
  range.disabled = last === 0;
  if (run.shown === null) range.value = String(last);
  range.setAttribute("aria-label", scrub.name());
  range.setAttribute("aria-valuetext", shownCaption());
  text(".newest", t("Newest"));
  $(".newest").disabled = run.shown === null;
  if (!play) return;
  text(".play", playing ? t("Halt") : "▶ " + t("Replay"));
  play.disabled = last === 0;
}

// Gets what of a history, a Map by steps, did not come while this page watched; `of` makes a value of what was sent.
let fetched = ""; // the run and its last step, whose history was fetched
async function fetchHistory(history, name, of = (each) => each) {
  const mark = `${run.id} ${stepsOf().at(-1)}`;
  if (fetched === mark || stepsOf().every((step) => history.has(step))) return;
  fetched = mark;
  const id = run.id;
  try {
    const answer = await fetch(`${LIVE}${encodeURIComponent(id)}/${name}`, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    const sent = answer.ok ? await answer.json() : [];
    if (id === run.id) for (const each of sent) history.set(each.step, of(each));
  } catch {
    fetched = ""; // the connection is cut: again when it is wanted again
  }
}

// Listeners sit on the component's root, whose children Gradio may put in anew.
element.addEventListener("input", (event) => {
  if (!event.target.matches(".scrub input")) return;
  scrub.halt();
  const index = Number(event.target.value);
  index === Number(event.target.max) ? scrub.newest() : scrub.look(index);
});
element.addEventListener("click", (event) => {
  if (event.target.matches(".newest")) scrub.newest();
  if (!event.target.matches(".play")) return;
  if (!playing) return scrub.replay();
  scrub.halt();
  paint();
});
