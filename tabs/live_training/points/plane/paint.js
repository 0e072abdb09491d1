// Draws a picture of the plane onto a canvas: shared by the live view and step by step.
// A picture is what pack() of engines/running/shown/planes.py makes of a Ground or a Plane; places are shares of the side.

const EDGE = 65535;
const LAYERS = { field: true, arrows: true, lines: true }; // which of them are shown

// Arrays as plain numbers from 0 to 1, y downwards as on a screen; their shapes beside them.
function unpack(packed) {
  const picture = { step: packed.step, radius: packed.radius, shapes: {} };
  for (const [name, part] of Object.entries(packed)) {
    if (!part?.shape) continue;
    const bytes = Uint8Array.from(atob(part.data), (character) => character.charCodeAt(0));
    picture.shapes[name] = part.shape;
    if (name === "field") picture.field = Float32Array.from(bytes);
    else if (name === "covered") picture.covered = [...bytes];
    else picture[name] = Float32Array.from(new Uint16Array(bytes.buffer), (value, i) => (i % 2 ? 1 - value / EDGE : value / EDGE));
  }
  return picture;
}

// The picture a share of the way from one to the next, so that slow motion is smooth: the noise is the same in all.
function between(one, next, share) {
  if (!next || share <= 0 || one === next) return one;
  const mixed = { ...one };
  for (const name of ["samples", "field", "arrows", "paths"]) {
    const [a, b] = [one[name], next[name]];
    if (a && b && a.length === b.length) mixed[name] = a.map((value, i) => value + share * (b[i] - value));
  }
  return mixed;
}

const channels = (color) => color.match(/\w\w/g).map((pair) => parseInt(pair, 16));

// `moment` is how far the points are on their way along the lines, 1 at its end, where lines are ways.
function drawPlane(canvas, ground, picture, moment = 1) {
  const side = canvas.clientWidth;
  const scale = window.devicePixelRatio || 1;
  if (!side || !ground || !picture) return;
  if (canvas.height !== Math.round(side * scale)) canvas.width = canvas.height = Math.round(side * scale);
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const [ours, theirs, bad] = ["--ours", "--theirs", "--bad"].map((name) => style.getPropertyValue(name).trim());
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, side, side);
  if (picture.field && LAYERS.field) drawField(pen, picture, side, theirs, ours);
  drawDots(pen, ground.points, side, theirs, picture.field && LAYERS.field ? 0.45 : 0.35, 1.1);
  const ink = style.color;
  if (picture.paths && LAYERS.lines) drawLines(pen, picture, side, ink);
  if (picture.arrows && LAYERS.arrows) drawArrows(pen, picture, side, ink, moment);
  const onTheWay = moment < 1 && picture.paths;
  drawDots(pen, onTheWay ? placesAt(picture, moment) : picture.samples, side, ours, 0.95, onTheWay ? 3 : 2, true);
  if (!onTheWay) drawMissed(pen, ground, picture, side, bad);
}

const tile = document.createElement("canvas"); // of the field, a pixel a square

function drawField(pen, picture, side, real, fake) {
  const squares = picture.shapes.field[0];
  const [blue, orange] = [channels(real), channels(fake)];
  tile.width = tile.height = squares;
  const paper = tile.getContext("2d");
  const image = paper.createImageData(squares, squares);
  picture.field.forEach((value, i) => {
    const opinion = value / 127.5 - 1;
    const at = 4 * ((squares - 1 - Math.floor(i / squares)) * squares + (i % squares)); // rows come from below
    image.data.set([...(opinion > 0 ? blue : orange), 150 * Math.abs(opinion)], at);
  });
  paper.putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = true;
  pen.drawImage(tile, 0, 0, side, side);
}

function drawDots(pen, places, side, color, alpha, radius, rimmed = false) {
  pen.globalAlpha = alpha;
  pen.fillStyle = color;
  pen.strokeStyle = "#fff";
  pen.lineWidth = 0.7;
  for (let i = 0; i < places.length; i += 2) {
    pen.beginPath();
    pen.arc(places[i] * side, places[i + 1] * side, radius, 0, 6.3);
    pen.fill();
    if (rimmed) pen.stroke();
  }
  pen.globalAlpha = 1;
}

function drawLines(pen, picture, side, color) {
  const [lines, length] = picture.shapes.paths;
  pen.strokeStyle = color;
  pen.globalAlpha = 0.38;
  pen.lineWidth = 1;
  for (let line = 0; line < lines; line++) {
    pen.beginPath();
    for (let i = 0; i < length; i++) {
      const at = 2 * (line * length + i);
      pen.lineTo(picture.paths[at] * side, picture.paths[at + 1] * side);
    }
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

function drawArrows(pen, picture, side, color, moment) {
  const [moments, count] = picture.shapes.arrows;
  const first = Math.min(moments - 1, Math.floor(moment * moments)) * 4 * count;
  pen.strokeStyle = color;
  pen.globalAlpha = 0.75;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let i = first; i < first + 4 * count; i += 4) {
    const [x, y, toX, toY] = picture.arrows.subarray(i, i + 4).map((value) => value * side);
    const length = Math.hypot(toX - x, toY - y);
    if (length < 1) continue;
    const [along, head] = [Math.atan2(toY - y, toX - x), Math.min(5, length / 2)];
    pen.moveTo(x, y);
    pen.lineTo(toX, toY);
    for (const turn of [2.6, -2.6]) {
      pen.moveTo(toX, toY);
      pen.lineTo(toX + head * Math.cos(along + turn), toY + head * Math.sin(along + turn));
    }
  }
  pen.stroke();
  pen.globalAlpha = 1;
}

// Where the points of the ways are at a moment of them.
function placesAt(picture, moment) {
  const [lines, length] = picture.shapes.paths;
  const position = moment * (length - 1);
  const [low, share] = [Math.min(length - 2, Math.floor(position)), 0];
  const part = position - low + share;
  const places = new Float32Array(2 * lines);
  for (let line = 0; line < lines; line++) {
    for (const axis of [0, 1]) {
      const at = 2 * (line * length + low) + axis;
      places[2 * line + axis] = picture.paths[at] + part * (picture.paths[at + 2] - picture.paths[at]);
    }
  }
  return places;
}

// A dashed ring around each part that no made point reaches.
function drawMissed(pen, ground, picture, side, color) {
  pen.strokeStyle = color;
  pen.lineWidth = 1.5;
  pen.setLineDash([4, 4]);
  picture.covered.forEach((reached, i) => {
    if (reached) return;
    pen.beginPath();
    pen.arc(ground.centres[2 * i] * side, ground.centres[2 * i + 1] * side, ground.radius * side, 0, 6.3);
    pen.stroke();
  });
  pen.setLineDash([]);
}

const reachedOf = (picture) => picture.covered.filter(Boolean).length;

// What a picture shows, for those who do not see it.
const inWords = (ground, picture) =>
  fill("{made} made points over {real} real ones; {count} of {parts} parts are reached", {
    made: count(picture.shapes.samples[0]),
    real: count(ground.shapes.points[0]),
    count: reachedOf(picture),
    parts: picture.covered.length,
  });
