// A panel of the live view: points of the plane, coloured by class.
// What draws beneath or above the points pushes a function (pen, scatter, plane) to beneath or above; plane.x(u) and
// plane.y(v) give pixels, plane.u(x) and plane.v(y) the way back. A canvas keeps its plane as canvas.plane.

const beneath = [];
const above = [];
const tint = (i) => `hsl(${(137.5 * i + 20) % 360} 65% 52%)`; // neighbours differ, on light and dark

panels.push({
  paint: () => hang($(".scatters"), "scatter", () => [made("canvas", ""), made("p", "")], paintScatter),
});

// Where most points lie, with the same scale both ways.
function planeOf(us, vs, side) {
  const sorted = [us, vs].map((all) => all.filter(Number.isFinite).sort((a, b) => a - b));
  const ends = sorted.map((all) => (all.length ? [all[Math.floor(0.002 * all.length)], all[Math.ceil(0.998 * (all.length - 1))]] : [-1, 1]));
  const reach = 0.54 * Math.max(1e-6, ...ends.map(([low, high]) => high - low));
  const [u0, v0] = ends.map(([low, high]) => (low + high) / 2);
  const scale = side / (2 * reach);
  return {
    x: (u) => side / 2 + (u - u0) * scale,
    y: (v) => side / 2 - (v - v0) * scale,
    u: (x) => u0 + (x - side / 2) / scale,
    v: (y) => v0 - (y - side / 2) / scale,
    side,
  };
}

function paintScatter(figure, scatter) {
  const canvas = figure.querySelector("canvas");
  const [us, vs, classes] = [numbers(scatter.x), numbers(scatter.y), numbers(scatter.classes)];
  const names = scatter.class_names.map(t);
  canvas.setAttribute("role", "img");
  const words = { name: scatter.name, n: count(us.length), classes: names.join(", ") };
  canvas.setAttribute("aria-label", names.length ? fill("{name}: {n} points, coloured by class: {classes}", words) : fill("{name}: {n} points", words));
  list(figure.querySelector("p"), names, (name) => {
    const entry = made("span", name);
    entry.style.setProperty("--tint", tint(names.indexOf(name)));
    return [entry];
  });
  const [side, scale] = [canvas.clientWidth, window.devicePixelRatio || 1];
  if (!side) return;
  if (canvas.height !== Math.round(side * scale)) canvas.width = canvas.height = Math.round(side * scale);
  const pen = canvas.getContext("2d");
  const plane = (canvas.plane = planeOf(us, vs, side));
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, side, side);
  for (const draw of beneath) draw(pen, scatter, plane);
  pen.strokeStyle = getComputedStyle($(".live")).getPropertyValue("--border-color-primary");
  pen.beginPath();
  pen.moveTo(plane.x(0), 0);
  pen.lineTo(plane.x(0), side);
  pen.moveTo(0, plane.y(0));
  pen.lineTo(side, plane.y(0));
  pen.stroke();
  pen.globalAlpha = 0.75;
  us.forEach((u, i) => {
    pen.fillStyle = tint(classes[i]);
    pen.beginPath();
    pen.arc(plane.x(u), plane.y(vs[i]), 2, 0, 6.3);
    pen.fill();
  });
  pen.globalAlpha = 1;
  for (const draw of above) draw(pen, scatter, plane);
}
