// A confusion matrix: pressing a cell asks for its rows; arrow keys go from cell to cell.
// `element` and `trigger` are given by Gradio (gr.HTML, js_on_load).

const cells = () => Array.from(element.querySelectorAll("button[data-truth]"));

element.addEventListener("click", (event) => {
  const cell = event.target.closest("button[data-truth]");
  if (!cell) return;
  for (const other of cells()) other.setAttribute("aria-pressed", String(other === cell));
  trigger("pick", { truth: Number(cell.dataset.truth), predicted: Number(cell.dataset.predicted) });
});

element.addEventListener("keydown", (event) => {
  const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] || [0, 0];
  const here = event.target.dataset;
  if ((!down && !right) || here.truth === undefined) return;
  event.preventDefault();
  // The nearest cell with rows in that direction, in the same row or column.
  const ahead = (cell) => (down || right) * (Number(cell.dataset[down ? "truth" : "predicted"]) - Number(here[down ? "truth" : "predicted"]));
  const same = (cell) => cell.dataset[down ? "predicted" : "truth"] === here[down ? "predicted" : "truth"];
  const next = cells().filter((cell) => same(cell) && ahead(cell) > 0).sort((a, b) => ahead(a) - ahead(b))[0];
  if (next) next.focus();
});
