// A panel of the live view: the charts of props.charts, a table of
// {title, smooth, from_zero, percent, optional, lines: [{label, group, color, column, dots, dashed}]}.

let pointed = null; // the step under the mouse, in all charts at once

panels.push({ paint: paintCharts, forget: () => (pointed = null) });

function paintCharts() {
  const color = (name) => getComputedStyle($(".live")).getPropertyValue(name).trim();
  const figures = element.querySelectorAll("figure.chart");
  props.charts.forEach((chart, i) => {
    const all = chart.lines.map((line) => {
      const series = run.series[line.group] || { steps: [], columns: {} };
      const values = series.columns[line.column || line.label] || [];
      const even = chart.smooth ? smooth(values) : values;
      return { ...line, label: t(line.label), tint: color(line.color), steps: series.steps, values, even };
    });
    const lines = chart.optional ? all.filter((line) => line.values.some(Number.isFinite)) : all;
    figures[i].hidden = chart.optional && !lines.length;
    text(figures[i].querySelector("figcaption"), t(chart.title));
    if (!figures[i].hidden) drawChart(figures[i].querySelector("canvas"), chart, lines, { pointed, marks: [run.shown], unit: "step" });
  });
  const { computed, ...captions } = run.captions; // how it is computed stands with the settings
  text(".captions", Object.values(captions).map(say).join(" "));
}

// --- the mouse ----------------------------------------------------------------------------------------------

function stepUnder(event) {
  const scale = event.target.matches?.(".chart canvas") && event.target.scale;
  if (!scale) return null;
  const share = (event.offsetX - scale.left) / scale.width;
  return share < 0 || share > 1 ? null : Math.round(share * scale.end);
}

function point(step) {
  if (step === pointed) return;
  pointed = step;
  paint();
}

element.addEventListener("pointermove", (event) => point(stepUnder(event)));
element.addEventListener("pointerleave", () => point(null));
element.addEventListener("click", (event) => {
  const step = stepUnder(event);
  if (step === null || !run.steps) return; // without a history
  scrub.halt();
  scrub.look(nearest(stepsOf(), step));
});
