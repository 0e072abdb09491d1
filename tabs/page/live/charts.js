// A panel of the live view: the charts of props.charts, a table of
// {title, smooth, from_zero, percent, lines: [{label, group, color, column, dots}]}.

const SMOOTH = 0.92; // weight of the past in the smoothed curves

panels.push({ paint: paintCharts });

function paintCharts() {
  const color = (name) => getComputedStyle($(".live")).getPropertyValue(name).trim();
  const figures = element.querySelectorAll("figure.chart");
  props.charts.forEach((chart, i) => {
    const lines = chart.lines.map((line) => {
      const series = run.series[line.group] || { steps: [], columns: {} };
      const values = series.columns[line.column || line.label] || [];
      const even = chart.smooth ? smooth(values) : values;
      return { ...line, label: t(line.label), tint: color(line.color), steps: series.steps, values, even };
    });
    figures[i].hidden = chart.optional && !lines.some((line) => line.values.length);
    text(figures[i].querySelector("figcaption"), t(chart.title));
    if (!figures[i].hidden) drawChart(figures[i].querySelector("canvas"), chart, lines);
  });
  text(".captions", Object.values(run.captions).map(say).join(" "));
}

function smooth(values) {
  let mean = null;
  return values.map((v) => (Number.isFinite(v) ? (mean = mean === null ? v : SMOOTH * mean + (1 - SMOOTH) * v) : mean));
}

// The range that most points of each group lie in: one spike must not flatten the rest.
function limits(lines, chart) {
  let [low, high] = [Infinity, -Infinity];
  for (const group of new Set(lines.map((line) => line.group))) {
    const members = lines.filter((line) => line.group === group);
    const sorted = members.flatMap((line) => line.values.filter(Number.isFinite)).sort((a, b) => a - b);
    if (!sorted.length) continue;
    low = Math.min(low, sorted[Math.floor(0.01 * (sorted.length - 1))]);
    high = Math.max(high, sorted[Math.ceil(0.98 * (sorted.length - 1))]);
  }
  if (low > high || (chart.percent && low === high)) return [0, 1, 0.25];
  if (chart.from_zero || (low > 0 && low < 0.5 * high)) low = 0;
  if (high - low < 1e-6) high = low + 1;
  const unit = 10 ** Math.floor(Math.log10((high - low) / 3));
  const step = [1, 2, 5, 10].map((m) => m * unit).find((s) => (high - low) / s <= 4.5);
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step, step];
}

function drawChart(canvas, chart, lines) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!width) return;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  const style = getComputedStyle($(".live"));
  const subdued = style.getPropertyValue("--body-text-color-subdued");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "11px " + style.fontFamily;
  pen.textBaseline = "middle";

  const box = { left: 44, right: width - 6, top: 20, bottom: height - 18 };
  const [low, high, step] = limits(lines, chart);
  const last = Math.max(0, ...lines.map((line) => line.steps[line.steps.length - 1] || 0));
  const end = Math.max(1, last);
  const written = (v) => (chart.percent ? Number((100 * v).toPrecision(3)) + "%" : String(Number(v.toPrecision(3))));
  const x = (s) => box.left + ((box.right - box.left) * s) / end;
  const y = (v) => box.bottom - ((box.bottom - box.top) * (v - low)) / (high - low);

  pen.lineWidth = 1;
  pen.strokeStyle = style.getPropertyValue("--border-color-primary");
  pen.fillStyle = subdued;
  pen.textAlign = "right";
  for (let v = low; step && v <= high + step / 2; v += step) {
    pen.beginPath();
    pen.moveTo(box.left, y(v));
    pen.lineTo(box.right, y(v));
    pen.stroke();
    pen.fillText(written(v), box.left - 6, y(v));
  }
  pen.fillText(lines.some((line) => line.steps.length) ? count(end) : "", box.right, height - 7);
  pen.textAlign = "left";
  pen.fillText(t("step"), box.left, height - 7);

  const words = lines.map((line) => line.label + (line.even.length ? " " + written(line.even[line.even.length - 1]) : ""));
  const room = words.reduce((sum, word) => sum + 26 + pen.measureText(word).width, -12);
  let at = Math.max(0, Math.min(box.left, width - room));
  pen.save();
  lines.forEach((line, i) => {
    pen.fillStyle = line.tint;
    pen.fillRect(at, 6, 10, 4);
    pen.fillStyle = subdued;
    pen.fillText(words[i], at + 14, 8);
    at += 26 + pen.measureText(words[i]).width;
  });
  pen.beginPath();
  pen.rect(box.left, box.top - 2, box.right - box.left + 2, box.bottom - box.top + 4);
  pen.clip();
  for (const line of lines) {
    if (chart.smooth) draw(pen, line, line.values, x, y, 0.3, 1);
    draw(pen, line, line.even, x, y, 1, 1.8);
  }
  if (last && typeof run.shown === "number") {
    pen.strokeStyle = subdued;
    pen.beginPath();
    pen.moveTo(x(run.shown), box.top);
    pen.lineTo(x(run.shown), box.bottom);
    pen.stroke();
  }
  pen.restore();
  canvas.setAttribute("aria-label", words.join(", "));
}

function draw(pen, line, values, x, y, alpha, thickness) {
  pen.globalAlpha = alpha;
  pen.strokeStyle = pen.fillStyle = line.tint;
  pen.lineWidth = thickness;
  pen.beginPath();
  let down = false;
  values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) return (down = false);
    down ? pen.lineTo(x(line.steps[i]), y(value)) : pen.moveTo(x(line.steps[i]), y(value));
    down = true;
  });
  if (values.length === 1) pen.arc(x(line.steps[0]), y(values[0]), 1, 0, 6.3);
  pen.stroke();
  if (line.dots)
    values.forEach((value, i) => {
      pen.beginPath();
      pen.arc(x(line.steps[i]), y(value), 2.5, 0, 6.3);
      pen.fill();
    });
  pen.globalAlpha = 1;
}
