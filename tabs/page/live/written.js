// A panel of the live view: what a language model writes from its fixed beginnings, as cards, with the history.

const writings = new Map(); // step -> {texts, starts}, of the history as far as it is here
const LONG = 90; // characters of a text that needs a wide card
const GAP = "␣"; // stands for a hidden character
let fetched = ""; // the run and its last step, whose history was fetched
let playing = null;

panels.push({
  forget() {
    stopPlaying();
    writings.clear();
    fetched = "";
    Object.assign(run, { steps: "", shown: null }); // shown: the step that is looked back at, null for the newest
  },
  take(news) {
    if (news.written_steps !== undefined) run.steps = news.written_steps;
    if (news.written) writings.set(news.written.step, news.written);
    const kept = new Set(stepsOf());
    for (const step of writings.keys()) if (!kept.has(step)) writings.delete(step);
  },
  paint: paintWritten,
});

const stepsOf = () => (run.steps ? run.steps.split(",").map(Number) : []);

function paintWritten() {
  const steps = stepsOf();
  const last = Math.max(0, steps.length - 1);
  const isNewest = run.shown === null;
  const range = $(".scrub input");
  range.max = String(last);
  range.disabled = last === 0;
  if (isNewest) range.value = String(last);
  const shown = writings.get(isNewest ? steps.at(-1) : run.shown);
  const caption = steps.length ? fill("step {step}", { step: count(isNewest ? steps.at(-1) : run.shown) }) : "";
  range.setAttribute("aria-label", t("History of the texts"));
  range.setAttribute("aria-valuetext", caption);
  text(".written-title", t("What it writes, from the same beginnings each time"));
  text(".written-step", caption);
  text(".play", playing ? t("Halt") : "▶ " + t("Replay"));
  text(".newest", t("Newest"));
  $(".play").disabled = last === 0;
  $(".newest").disabled = isNewest;
  const cards = $(".cards");
  if (shown) {
    cards.classList.toggle("long", shown.texts.some((each) => each.length > LONG));
    list(cards, shown.texts.map((each, i) => [each, shown.starts[i] ?? ""]), card);
  } else if (!steps.length) {
    list(cards, [], () => []);
    cards.dataset.empty = t("Its first texts will stand here within seconds of the start.");
  }
}

// A text, what was given of it marked. A poem's couplets stand on lines of their own, and so does what is planned
// before it; prose is as it is.
function card([whole, start]) {
  const [item, letters] = [made("li", whole ? "" : "—"), [...whole]];
  const given = givenIn(letters, [...start]);
  const verse = whole.split(/[，。？！：]/).every((clause) => clause.length <= 9);
  letters.forEach((letter, i) => {
    const part = verse && "。？！：".includes(letter) && i + 1 < letters.length ? letter + "\n" : letter;
    if (i && given(i) === given(i - 1)) item.lastChild.textContent += part;
    else item.append(given(i) ? made("b", part) : part);
  });
  return [item];
}

// Tells of each letter whether it is marked: the start, which may stand after a plan; of a text with gaps, what was
// found for them.
function givenIn(letters, start) {
  if (start.includes(GAP)) return (i) => start.length === letters.length && start[i] === GAP;
  const stands = (at) => start.every((letter, i) => letters[at + i] === letter);
  const at = stands(0) ? 0 : letters.indexOf("：") + 1;
  return (i) => stands(at) && i >= at && i < at + start.length;
}

// --- looking back --------------------------------------------------------------------------------------

function stopPlaying() {
  playing = null;
}

// Get what of the history did not come while this page watched.
async function fetchHistory() {
  const steps = stepsOf();
  const mark = `${run.id} ${steps.at(-1)}`;
  if (fetched === mark || steps.every((step) => writings.has(step))) return;
  fetched = mark;
  const id = run.id;
  try {
    const answer = await fetch(`${LIVE}${encodeURIComponent(id)}/written`, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    const history = answer.ok ? await answer.json() : [];
    if (id === run.id) for (const each of history) writings.set(each.step, each);
  } catch {
    fetched = ""; // the connection is cut: again when it is wanted again
  }
}

async function look(index) {
  const steps = stepsOf();
  run.shown = steps[Math.max(0, Math.min(index, steps.length - 1))];
  $(".scrub input").value = String(index);
  await fetchHistory();
  paint();
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
  const total = stepsOf().length;
  const each = Math.max(150, Math.min(600, 12000 / total)); // ms: one wants to read
  for (let i = 0; i < total && playing === mine && run.id === id; i++) {
    await look(i);
    await sleep(each);
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
