// One melody of two bars in one voice, as a roll to see and to hear; what maps and ways of melodies share.

const TEMPO = 112; // quarter notes a minute, as in engines/music/melody_vae/bars.py
const PACE = 140; // ms between two melodies that follow one another while one drags

// A roll on `canvas` with the button `button`; `name()` is what it is called.
function lineRoll(canvas, button, name) {
  let [line, at, stop, timer] = ["", null, null, 0];
  const me = { show, hear, halt: () => stop?.(), line: () => line, paint: eachFrame(paint) };

  // Shows another melody; where one sounds it goes on from where that is.
  function show(next) {
    if (next === line) return;
    line = next;
    me.paint();
    if (stop && !timer) timer = setTimeout(() => ((timer = 0), stop && begin(at ?? 0)), PACE);
  }

  function begin(row) {
    const turn = row >= line.length - 1 ? 0 : row;
    const moved = (now) => ((at = now), me.paint());
    const mine = play(notesOf([line]), turn, { seconds: () => 15 / TEMPO, hears: () => true, moved, ended });
    stop = mine;
    function ended() {
      if (stop === mine) [stop, at] = [null, null];
      me.paint();
    }
    me.paint();
  }

  function hear() {
    if (Context && line && !stop) begin(0);
  }

  function paint() {
    if (canvas.parentElement.clientWidth) paintRoll(canvas, { voices: [line], bar: line.length / 2 || 16, pickup: 0 }, at);
    const notes = notesOf([line]).map((note) => nameOf(note.pitch)).join(" ");
    canvas.setAttribute("aria-label", `${name()}: ${notes}`);
    const said = stop ? "■ " + t("Stop") : "▶ " + t("Play");
    if (button.textContent !== said) button.textContent = said;
    button.setAttribute("aria-label", `${stop ? t("Stop") : t("Play")}: ${name()}`);
    button.disabled = !Context || !line;
  }

  button.onclick = () => (stop ? stop() : hear());
  new ResizeObserver(me.paint).observe(canvas.parentElement);
  return me;
}

// Buttons [data-kind] have a file made of what `line()` gives.
function savers(line) {
  for (const node of element.querySelectorAll("[data-kind]")) node.onclick = () => line() && trigger("save", { line: line(), kind: node.dataset.kind });
}
