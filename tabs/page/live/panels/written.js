// A panel of the live view, behind "scrub": what a language model writes from its fixed beginnings, as cards.

const writings = new Map(); // step -> {texts, starts}, of the history as far as it is here
const LONG = 90; // characters of a text that needs a wide card
const GAP = "␣"; // stands for a hidden character

panels.push({
  forget: () => writings.clear(),
  take(news) {
    if (news.written_steps !== undefined) run.steps = news.written_steps;
    if (news.written) writings.set(news.written.step, news.written);
    const kept = new Set(stepsOf());
    for (const step of writings.keys()) if (!kept.has(step)) writings.delete(step);
  },
  paint: paintWritten,
});

Object.assign(scrub, {
  name: () => t("History of the texts"),
  see: () => fetchHistory(writings, "written"),
  pace: (total) => Math.max(150, Math.min(600, 12000 / total)), // one wants to read
});

function paintWritten() {
  const shown = writings.get(shownStep());
  text(".written-title", t("What it writes, from the same beginnings each time"));
  text(".written-step", shownCaption());
  const cards = $(".cards");
  if (shown) {
    cards.classList.toggle("long", shown.texts.some((each) => each.length > LONG));
    list(cards, shown.texts.map((each, i) => [each, shown.starts[i] ?? ""]), card);
  } else if (shownStep() === null) {
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
