// Curves on a canvas: drawChart(canvas, chart, lines, where), for the live view and the comparison of runs.
// A chart is {smooth, from_zero, percent, range}, the range being its limits where they are known already; a line is
// {label, group, tint, steps, values, even, dots, dashed, pattern}: `steps` are its places on the axis, `even` what is
// drawn strongly, `values` faintly behind it where `smooth`.
// `where` is {pointed, marks, unit}: the place under the mouse or null, places to mark, and what the axis counts.

const UNITS = { step: t("step"), seconds: t("seconds"), pictures: t("seen") };
const SMOOTH = 0.92; // weight of the past in the smoothed curves

// How large a step of an axis is that is to have about four: 1, 2 or 5 times a power of ten.
function spacing(range) {
  const unit = 10 ** Math.floor(Math.log10(range / 3));
  return [1, 2, 5, 10].map((m) => m * unit).find((s) => range / s <= 4.5);
}

// The point of a line that is nearest to a step, -1 without any.
function nearest(steps, step) {
  let best = -1;
  steps.forEach((at, i) => {
    if (best < 0 || Math.abs(at - step) <= Math.abs(steps[best] - step)) best = i;
  });
  return best;
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
  const step = spacing(high - low);
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step, step];
}

function drawChart(canvas, chart, lines, { pointed, marks, unit }) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!width) return;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const subdued = style.getPropertyValue("--body-text-color-subdued");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "11px " + style.fontFamily;
  pen.textBaseline = "middle";

  const box = { left: 44, right: width - 6, top: 20, bottom: height - 18 };
  const [low, high, step] = chart.range ?? limits(lines, chart);
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
  drawAxis(pen, box, height - 7, last, pointed, unit);

  const values = lines.map((line) => {
    const at = pointed === null ? line.even.length - 1 : nearest(line.steps, pointed);
    return Number.isFinite(line.even[at]) ? " " + written(line.even[at]) : "";
  });
  const words = lines.map((line, i) => line.label + values[i]);
  const wide = (i) => (lines[i].dashed ? 0 : 26 + pen.measureText(words[i]).width); // the dashed ones tell at their lines
  let at = Math.max(0, Math.min(box.left, width - words.reduce((sum, _, i) => sum + wide(i), -12)));
  pen.textAlign = "left";
  pen.save();
  lines.forEach((line, i) => {
    if (line.dashed) return;
    pen.fillStyle = line.tint;
    pen.fillRect(at, 6, 10, 4);
    pen.fillStyle = subdued;
    pen.fillText(words[i], at + 14, 8);
    at += wide(i);
  });
  pen.beginPath();
  pen.rect(box.left, box.top - 2, box.right - box.left + 2, box.bottom - box.top + 4);
  pen.clip();
  level(pen, lines, words, box, y, subdued);
  for (const line of lines) {
    if (line.dashed) continue;
    if (chart.smooth) draw(pen, { ...line, pattern: [] }, line.values, x, y, 0.3, 1);
    draw(pen, line, line.even, x, y, 1, 1.8);
  }
  for (const at of [...marks, pointed]) {
    if (!last || typeof at !== "number") continue;
    pen.strokeStyle = subdued;
    pen.beginPath();
    pen.moveTo(x(at), box.top);
    pen.lineTo(x(at), box.bottom);
    pen.stroke();
  }
  pen.restore();
  canvas.scale = { left: box.left, width: box.right - box.left, end };
  canvas.setAttribute("aria-label", words.join(", "));
}

// A place on an axis in words.
function placeOn(unit, at) {
  if (unit === "seconds") return fill("{seconds} s", { seconds: count(at) });
  return unit === "pictures" ? fill("{count} seen", { count: count(at) }) : fill("step {step}", { step: count(at) });
}

// The unit or what is pointed at, some numbers, and the last one.
function drawAxis(pen, box, y, last, pointed, unit) {
  pen.textAlign = "left";
  pen.fillText(pointed === null ? UNITS[unit] : placeOn(unit, pointed), box.left, y);
  if (!last) return;
  const [first, width] = [box.left + 80, box.right - box.left];
  const free = box.right - pen.measureText(count(last)).width - 8; // where the last number begins
  pen.textAlign = "center";
  for (let s = spacing(last); s < 0.9 * last; s += spacing(last)) {
    const x = box.left + (width * s) / last;
    if (x > first && x + pen.measureText(count(s)).width / 2 < free) pen.fillText(count(s), x, y);
  }
  pen.textAlign = "right";
  pen.fillText(count(last), box.right, y);
}

// The dashed lines: each the last of its values from side to side, its words on it, one beside the other.
function level(pen, lines, words, box, y, subdued) {
  const levels = lines.map((line, i) => ({ tint: line.tint, words: words[i], at: line.dashed && line.values.findLast(Number.isFinite) }));
  const drawn = levels.filter((each) => Number.isFinite(each.at));
  pen.lineWidth = 1.2;
  pen.setLineDash([5, 4]);
  for (const { tint, at } of drawn) {
    pen.strokeStyle = tint;
    pen.beginPath();
    pen.moveTo(box.left, y(at));
    pen.lineTo(box.right, y(at));
    pen.stroke();
  }
  pen.setLineDash([]);
  let end = box.right;
  pen.textAlign = "right";
  pen.fillStyle = subdued; // a faint tint is no letter
  for (const { words, at } of drawn) {
    const [width, middle] = [pen.measureText(words).width, y(at) < box.top + 14 ? y(at) + 8 : y(at) - 7];
    pen.clearRect(end - width - 3, middle - 6, width + 6, 12); // no other line goes through it
    pen.fillText(words, end, middle);
    end -= 12 + width;
  }
}

function draw(pen, line, values, x, y, alpha, thickness) {
  pen.globalAlpha = alpha;
  pen.strokeStyle = pen.fillStyle = line.tint;
  pen.lineWidth = thickness;
  pen.setLineDash(line.pattern ?? []);
  pen.beginPath();
  let down = false;
  values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) return (down = false);
    down ? pen.lineTo(x(line.steps[i]), y(value)) : pen.moveTo(x(line.steps[i]), y(value));
    down = true;
  });
  if (values.length === 1) pen.arc(x(line.steps[0]), y(values[0]), 1, 0, 6.3);
  pen.stroke();
  pen.setLineDash([]);
  if (line.dots)
    values.forEach((value, i) => {
      pen.beginPath();
      pen.arc(x(line.steps[i]), y(value), 2.5, 0, 6.3);
      pen.fill();
    });
  pen.globalAlpha = 1;
}
