// A panel of the live view: a column for each label, such as the loss by noise level.

const MOST_LABELS = 16; // that fit below the columns; of more only the first and the last are written

panels.push({ paint: () => hang($(".columns"), "bars", makeColumns, paintColumns) });

function makeColumns() {
  const [columns, labels] = [made("div", ""), made("div", "")];
  columns.className = "heights";
  columns.setAttribute("role", "img");
  labels.className = "labels";
  labels.setAttribute("aria-hidden", "true"); // the columns' name tells them
  return [columns, labels];
}

function paintColumns(figure, bars) {
  const [columns, labels] = [figure.querySelector(".heights"), figure.querySelector(".labels")];
  const values = numbers(bars.values);
  const written = (value) => `${Number(value.toPrecision(3))} ${t(bars.unit)}`.trim();
  const words = bars.labels.map((label, i) => `${t(label)}: ${written(values[i])}`);
  const most = Math.max(1e-12, ...values.filter(Number.isFinite));
  text(figure.querySelector("figcaption span"), values.length ? fill("at most {value}", { value: written(most) }) : "");
  columns.setAttribute("aria-label", `${t(bars.name)}. ${words.join(", ")}`);
  list(columns, words.map((_, i) => i), () => [made("i", "")]);
  words.forEach((word, i) => {
    columns.children[i].style.height = `${Math.max(0, (100 * values[i]) / most) || 0}%`;
    columns.children[i].title = word;
  });
  const few = bars.labels.length <= MOST_LABELS;
  list(labels, few ? bars.labels : [bars.labels[0], bars.labels.at(-1)], (label) => [made("span", t(label))]);
}
