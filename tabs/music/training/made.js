// A panel of the live view, behind "scrub": the chorale that the network writes now, as a piano roll to hear.

const pieces = new Map(); // step -> the piece as text, of the history as far as it is here
let stop = null; // while it plays
let at = null; // the cursor

panels.push({
  forget: () => pieces.clear(),
  take(news) {
    if (news.written_steps !== undefined) run.steps = news.written_steps;
    if (news.written) pieces.set(news.written.step, news.written.texts[0]);
    const kept = new Set(stepsOf());
    for (const step of pieces.keys()) if (!kept.has(step)) pieces.delete(step);
  },
  paint: paintMade,
});

Object.assign(scrub, {
  name: () => t("History of the chorales"),
  see: () => fetchHistory(pieces, "written", (each) => each.texts[0]),
  halt: () => stop?.(),
});
const pieceOf = () => pieces.get(shownStep());

function paintMade() {
  text(".made-title", t("What it writes, from the same chance each time"));
  text(".made-step", shownCaption());
  text(".hear", stop ? "■ " + t("Stop") : "▶ " + t("Play"));
  $(".hear").disabled = !Context || !pieceOf();
  const canvas = $("canvas.roll");
  canvas.setAttribute("aria-label", `${t("The chorale that the network writes now, as a piano roll")}. ${shownCaption()}`);
  const voices = (pieceOf() ?? "").split("\n");
  if (canvas.parentElement.clientWidth && voices.length === 4) paintRoll(canvas, { voices, bar: 16, pickup: 0 }, at);
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
element.addEventListener("click", (event) => event.target.matches(".hear") && hear());
