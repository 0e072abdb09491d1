// Puts a "?" beside settings and charts; a press opens Learn where it tells of them. Their places are looked
// for again and again, since Gradio makes what is unfolded only then.

const prefix = props.value;
const knobs = JSON.parse(props.knobs);
const places = JSON.parse(props.places);

function mark() {
  if (!element.isConnected) return;
  for (const [name, titles] of Object.entries(knobs))
    put(document.querySelector(`#${prefix}-${name} [data-testid="block-info"]`), titles);
  for (const [selector, titles] of Object.entries(places))
    for (const node of document.querySelectorAll(selector)) put(node, titles);
  for (const formula of document.querySelectorAll(`#${prefix}-learn .katex-display`))
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0; // so that keys can scroll it
}

function put(node, titles) {
  if (!node?.textContent.trim() || node.classList.contains("sr-only") || node.nextElementSibling?.classList.contains("ask")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ask";
  button.textContent = "?";
  button.title = button.ariaLabel = fill("What is this? ({name})", { name: node.textContent.trim() });
  button.addEventListener("click", (event) => {
    event.preventDefault(); // it may stand in a label
    event.stopPropagation();
    show(titles);
  });
  keepLabel(node);
  node.after(button);
}

// A label without "for" is the name of the first control in it, which the "?" would become.
function keepLabel(node) {
  const label = node.closest("label");
  const field = label?.control;
  if (!field || label.htmlFor) return;
  field.id ||= "field-" + Math.random().toString(36).slice(2);
  label.htmlFor = field.id;
}

async function show(titles) {
  const fold = document.getElementById(`${prefix}-learn`);
  const head = fold.querySelector("button");
  if (!head.classList.contains("open")) head.click();
  for (let tries = 50; tries; tries--) {
    const headings = [...fold.querySelectorAll(".learn h2")];
    const named = (title) => headings.find((one) => one.textContent.trim() === title);
    const heading = titles.map(named).find(Boolean) ?? (tries === 1 ? headings[0] : null);
    if (heading) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
      heading.scrollIntoView({ block: "start" });
      return;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
}

for (const kind of ["click", "change"]) document.addEventListener(kind, () => setTimeout(mark, 500));
setInterval(mark, 3000); // panels come with their run
mark();
