// A piece in four voices as text, and as a picture: see engines/music/grid.py for what the characters are.

const VOICES = ["Soprano", "Alto", "Tenor", "Bass"];
const COLORS = ["#e8590c", "#7048e8", "#0b7285", "#2b8a3e"]; // of the voices, as strong on white as on black
const LOWEST = 36; // the pitch of the letter A
const [HELD, SILENT, HOLE] = ["-", ".", "?"];
const LANE = 5; // pixels of the lane in which a voice's holes are shown

const pitchOf = (letter) => letter.charCodeAt(0) - 65 + LOWEST;
const letterOf = (pitch) => String.fromCharCode(pitch - LOWEST + 65);

// The notes of a piece: {pitch, start, length, voice}, counted in sixteenths.
function notesOf(voices) {
  const notes = [];
  voices.forEach((line, voice) => {
    let note = null;
    [...line].forEach((letter, row) => {
      if (letter === HELD && note) note.length += 1;
      else if (letter === HELD || letter === SILENT || letter === HOLE) note = null;
      else notes.push((note = { pitch: pitchOf(letter), start: row, length: 1, voice }));
    });
  });
  return notes;
}

const shade = (hex, alpha) => hex + Math.round(255 * alpha).toString(16).padStart(2, "0");

// Where things lie on the canvas: `at(row)` and `high(pitch)` are pixels.
function placing(canvas, rows, notes, least = 5.5) {
  const low = Math.min(48, ...notes.map((note) => note.pitch)) - 2;
  const high = Math.max(76, ...notes.map((note) => note.pitch)) + 2;
  const top = 16 + 4 * LANE + 4;
  const width = Math.max(canvas.parentElement.clientWidth, rows * least);
  const height = canvas.clientHeight || 320;
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.style.width = `${width}px`;
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  }
  const [cell, step] = [width / Math.max(1, rows), (height - top) / (high - low)];
  return { width, height, top, cell, step, low, high, scale, at: (row) => row * cell, high_of: (pitch) => top + (high - pitch) * step };
}

// Paints a piece {voices, sure, locked, bar, pickup}; `cursor` is a row or null, `hears(voice)` whether one is bright.
function paintRoll(canvas, piece, cursor, hears = () => true, marked = null) {
  const rows = piece.voices[0]?.length ?? 0;
  const notes = notesOf(piece.voices);
  const place = placing(canvas, rows, notes);
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(element);
  const [ink, line] = ["--body-text-color", "--border-color-primary"].map((name) => style.getPropertyValue(name));
  pen.setTransform(place.scale, 0, 0, place.scale, 0, 0);
  pen.clearRect(0, 0, place.width, place.height);
  paintBars(pen, place, piece, rows, ink, line);
  if (marked) {
    pen.fillStyle = shade("#1c7ed6", 0.18);
    pen.fillRect(place.at(marked[0]), 0, place.at(marked[1] - marked[0]), place.height);
  }
  for (const note of notes) paintNote(pen, place, piece, note, hears(note.voice));
  piece.voices.forEach((text, voice) => {
    pen.fillStyle = COLORS[voice];
    [...text].forEach((letter, row) => letter === HOLE && pen.fillRect(place.at(row) + 0.5, 16 + voice * LANE, Math.max(1, place.cell - 1), LANE - 1));
  });
  if (cursor !== null) {
    pen.fillStyle = "#1c7ed6";
    pen.fillRect(place.at(cursor) - 1, 0, 2, place.height);
  }
  return place;
}

function paintBars(pen, place, piece, rows, ink, line) {
  pen.font = "11px sans-serif";
  pen.fillStyle = ink;
  for (let row = 0; row < rows; row++) {
    const phase = (row + piece.pickup) % piece.bar;
    if (phase % 4) continue;
    pen.fillStyle = line;
    pen.globalAlpha = phase ? 0.5 : 1;
    pen.fillRect(place.at(row), phase ? place.top : 0, phase ? 0.5 : 1, place.height);
    pen.globalAlpha = 1;
    pen.fillStyle = ink;
    if (!phase) pen.fillText(String(Math.floor((row + piece.pickup) / piece.bar) + (piece.pickup ? 0 : 1)), place.at(row) + 4, 11);
  }
  pen.fillStyle = line;
  for (let pitch = Math.ceil(place.low / 12) * 12; pitch <= place.high; pitch += 12) {
    pen.fillRect(0, place.high_of(pitch) + place.step / 2, place.width, 0.5);
    pen.fillStyle = ink;
    pen.fillText(`C${pitch / 12 - 1}`, 3, place.high_of(pitch) - 1);
    pen.fillStyle = line;
  }
}

// Brighter where the model was sure; a locked note has a frame.
function paintNote(pen, place, piece, { pitch, start, length, voice }, heard) {
  const digits = piece.sure?.[voice]?.slice(start, start + length) ?? "";
  const sure = digits ? [...digits].reduce((sum, digit) => sum + Number(digit), 0) / digits.length / 9 : 1;
  pen.globalAlpha = (heard ? 1 : 0.25) * (0.3 + 0.7 * sure);
  pen.fillStyle = COLORS[voice];
  const box = [place.at(start) + 0.5, place.high_of(pitch) - place.step / 2, Math.max(2, place.cell * length - 1.5), Math.max(3, place.step)];
  pen.beginPath();
  pen.roundRect(...box, 2);
  pen.fill();
  pen.globalAlpha = 1;
  if (piece.locked?.[voice]?.[start] !== "1") return;
  pen.strokeStyle = getComputedStyle(element).getPropertyValue("--body-text-color");
  pen.lineWidth = 1.5;
  pen.stroke();
}

// The notes as words, for those who do not see them.
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
const nameOf = (pitch) => NAMES[pitch % 12] + (Math.floor(pitch / 12) - 1);
