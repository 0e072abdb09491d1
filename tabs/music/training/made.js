// A panel of the live view, behind "scrub": what the network writes now, as piano rolls to hear. `props.made` has the
// titles, one for each text of a step, the sixteenths between two bar lines, and the tempo.

const pieces = new Map(); // step -> the pieces as texts, of the history as far as it is here
let stop = null; // while it plays
let [at, heard] = [null, 0]; // the cursor, and which of the pieces it is in

panels.push({
  forget: () => pieces.clear(),
  take(news) {
    if (news.written_steps !== undefined) run.steps = news.written_steps;
    if (news.written) pieces.set(news.written.step, news.written.texts);
    const kept = new Set(stepsOf());
    for (const step of pieces.keys()) if (!kept.has(step)) pieces.delete(step);
  },
  paint: () => figures().forEach(paintPiece),
});

Object.assign(scrub, {
  name: () => t("History of what it wrote"),
  see: () => fetchHistory(pieces, "written", (each) => each.texts),
  halt: () => stop?.(),
});
const pieceOf = (i) => pieces.get(shownStep())?.[i];
const figures = () => [...element.querySelectorAll(".made figure")];

function paintPiece(figure, i) {
  const [title, hear, canvas] = [".made-title", ".hear", "canvas"].map((each) => figure.querySelector(each));
  const [name, sounds] = [say(props.made.titles[i]), stop && heard === i];
  const said = sounds ? "■ " + t("Stop") : "▶ " + t("Play");
  if (title.textContent !== name) title.textContent = name;
  if (hear.textContent !== said) hear.textContent = said;
  hear.setAttribute("aria-label", `${sounds ? t("Stop") : t("Play")}: ${name}`);
  hear.disabled = !Context || !pieceOf(i);
  canvas.setAttribute("aria-label", fill("{name}, as a piano roll. {step}", { name, step: shownCaption() }));
  figure.querySelector(".made-step").textContent = shownCaption();
  const voices = (pieceOf(i) ?? "").split("\n");
  const piece = { voices, bar: props.made.rows, pickup: 0 };
  if (canvas.parentElement.clientWidth && voices[0]) paintRoll(canvas, piece, sounds ? at : null);
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
    figures().forEach(paintPiece);
  };
  heard = i;
  stop = play(notesOf(pieceOf(i).split("\n")), 0, { seconds: () => 15 / props.made.tempo, hears: () => true, moved, ended });
  paint();
}

// Listeners sit on the component's root, whose children Gradio may put in anew.
element.addEventListener("click", (event) => {
  if (event.target.matches(".hear")) hear(figures().indexOf(event.target.closest("figure")));
});
