// Shows what is being made and the finished pictures. props.value is a Scene as JSON, see view.py.
// Pictures are patched in place, so that a preview turns into the next without a flicker.

const SMALL = 200; // pixels a side, up to which one wants to see the pixels
const [controls, makers, empty] = ["controls", "makers", "empty"].map((name) => JSON.parse(props[name]));

const note = stopwatch($(".note"));

let shown = []; // the pictures
let chosen = ""; // the id of one of them
let explaining = 0; // a timer

// Only the newest of what has come since the last frame is painted: a slow page falls behind in nothing.
const paint = eachFrame(show);

function show() {
  const scene = JSON.parse(props.value || "{}");
  $(".stage").classList.toggle("trouble", !!scene.trouble);
  $(".stage").setAttribute("aria-busy", !!scene.busy);
  note(say(scene.note), !!scene.busy);
  const known = typeof scene.share === "number";
  $(".bar").hidden = !scene.busy;
  $(".bar").classList.toggle("unknown", !known);
  $(".bar i").style.width = known ? 100 * scene.share + "%" : "";
  shown = scene.pictures || shown;
  if (!shown.some((picture) => picture.id && picture.id === chosen)) chosen = shown.length ? shown[0].id : "";
  arrange();
  tell(!!scene.busy);
  clearTimeout(explaining);
  explaining = setTimeout(explain, 500); // once the buttons have followed
}

// What the components around the stage depend on.
let told = "";
let busy = false;
function tell(isBusy = busy) {
  busy = isBusy;
  const state = { busy, ids: shown.map((picture) => picture.id).filter(Boolean), chosen };
  if (JSON.stringify(state) === told) return;
  told = JSON.stringify(state);
  trigger("tick", state);
}

function arrange() {
  const box = $(".pictures");
  if (shown.length) delete box.dataset.empty;
  else box.dataset.empty = say(empty);
  box.classList.toggle("several", shown.length > 1);
  while (box.children.length > shown.length) box.lastChild.remove();
  while (box.children.length < shown.length) box.append(frame());
  shown.forEach((picture, at) => {
    const button = box.children[at];
    const img = button.firstChild;
    button.dataset.id = picture.id;
    button.disabled = !picture.id || shown.length < 2;
    if (img.alt !== picture.alt) img.alt = picture.alt;
    if (img.dataset.src !== picture.src) {
      img.dataset.src = picture.src;
      img.src = picture.src;
    }
  });
  describe();
  layout();
}

// What the chosen picture shows, and how it was made.
function describe() {
  const picture = shown.find((one) => one.id && one.id === chosen);
  $(".prompt").textContent = picture ? picture.alt : "";
  $(".facts").textContent = picture ? say(picture.about) : "";
  for (const button of $(".pictures").children) {
    const mine = !!picture && button.dataset.id === chosen;
    button.classList.toggle("chosen", mine);
    button.setAttribute("aria-pressed", mine);
  }
}

function frame() {
  const button = document.createElement("button");
  button.type = "button";
  const img = document.createElement("img");
  img.decoding = "sync";
  img.addEventListener("load", () => button === button.parentNode?.firstChild && layout());
  button.append(img);
  return button;
}

// As many columns as make the pictures largest in the fixed height.
function layout() {
  const box = $(".pictures");
  const n = box.children.length;
  if (!n) return;
  const first = box.children[0].firstChild;
  const ratio = (first.naturalWidth || 1) / (first.naturalHeight || 1);
  const [wide, high] = [box.clientWidth - 12, box.clientHeight - 12];
  if (wide <= 0 || high <= 0) return;
  let best = { columns: 1, height: 0 };
  for (let columns = 1; columns <= n; columns++) {
    const rows = Math.ceil(n / columns);
    const height = Math.min((high - 6 * (rows - 1)) / rows, (wide - 6 * (columns - 1)) / columns / ratio);
    if (height > best.height) best = { columns, height };
  }
  const height = whole(best.height, first.naturalHeight);
  box.style.gridTemplateColumns = `repeat(${best.columns}, ${height * ratio}px)`;
  box.style.gridAutoRows = `${height}px`;
  for (const button of box.children) {
    const img = button.firstChild;
    img.classList.toggle("small", Math.max(img.naturalWidth, img.naturalHeight) <= SMALL);
  }
}

// Small pictures are enlarged by a whole number of the screen's own pixels, so that theirs stay even.
function whole(height, natural) {
  const scale = (height * devicePixelRatio) / (natural || height);
  return natural <= SMALL && scale >= 1 ? (Math.floor(scale) * natural) / devicePixelRatio : height;
}

element.addEventListener("click", (event) => {
  const button = event.target.closest(".pictures button");
  if (!button || button.disabled) return;
  chosen = button.dataset.id;
  describe();
  tell();
});

// That a click was heard is said at once: the server answers a little later, Stop at the model's next step.
document.addEventListener("click", (event) => {
  if (!element.isConnected) return;
  const stop = event.target.closest(`#${controls.stop}`);
  if (stop && !stop.disabled) note(t("Stopping…"), true);
  const maker = event.target.closest(makers);
  if (!maker || maker.disabled) return;
  $(".stage").classList.remove("trouble");
  $(".stage").setAttribute("aria-busy", "true");
  note(t("Starting…"), true);
  $(".bar").hidden = false;
  $(".bar").classList.add("unknown");
});

// The components around must follow; an event that got lost on its way is sent again.
function retell() {
  const [stop, png] = [controls.stop, controls.png].map((id) => document.getElementById(id));
  if (!stop || !png || (stop.disabled !== busy && png.disabled !== !!chosen)) return;
  told = "";
  tell();
  explaining = setTimeout(explain, 2000);
}

// A button that cannot be used says why; one that can says what it does.
function explain() {
  retell();
  const none = t("Make a picture first, or choose one in the gallery");
  const hints = {
    start: [t("Make pictures of the prompt (Ctrl+Enter)"), ""],
    stop: [t("End the computation (Esc)"), t("Nothing is being made now")],
    png: [t("Download this picture, with its settings inside"), none],
    zip: [t("Download all pictures shown here in one ZIP file"), none],
    change: [t("Let a new picture start from this one"), none],
    repaint: [t("Choose a part of this picture to be made anew"), none],
    settings: [t("Put the settings of this picture into the form"), none],
  };
  for (const [name, [can, cannot]] of Object.entries(hints)) {
    const node = document.getElementById(controls[name]);
    if (node) node.title = node.disabled ? cannot : can;
  }
}

onLost((sentence) => {
  told = ""; // a program that was started anew knows nothing of what is shown
  if (busy) props.value = JSON.stringify({ pictures: null, note: sentence, share: null, busy: false, trouble: true });
  paint();
});
keys(controls);
new ResizeObserver(layout).observe($(".pictures"));
watch("value", paint);
paint();
