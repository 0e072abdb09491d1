// Plays notes by oscillators: no sample, no request, no sound before a press. What plays is the page's one sound: to
// begin another silences it, and so does leaving the tab or the page.

const Context = window.AudioContext ?? window.webkitAudioContext;
const PARTIALS = [0, 1, 0.5, 0.33, 0.2, 0, 0.12, 0, 0.08]; // as in engines/music/sound/organ.py
const LOUD = 0.14; // of each voice
const AHEAD = 0.5; // seconds that are handed to the browser beforehand
const [ATTACK, RELEASE] = [0.03, 0.12]; // seconds

// The page's one audio context, made at the first press.
function audio() {
  if (!window.aigcAudio) {
    const context = new Context();
    const master = new DynamicsCompressorNode(context, { threshold: -12 });
    master.connect(context.destination);
    const wave = context.createPeriodicWave(new Float32Array(PARTIALS.length), new Float32Array(PARTIALS));
    const sound = (window.aigcAudio = { context, master, wave, silence: () => {} });
    window.addEventListener("aigc-plays", (event) => event.detail !== sound && sound.silence()); // a tune's player
  }
  window.aigcAudio.context.resume();
  return window.aigcAudio;
}

// One note of `seconds` at `when` into `out`; returns its oscillator.
function sing({ context, wave }, out, pitch, when, seconds) {
  const pipe = new OscillatorNode(context, { frequency: 440 * 2 ** ((pitch - 69) / 12) });
  const shape = new GainNode(context, { gain: 0 });
  pipe.setPeriodicWave(wave);
  pipe.connect(shape).connect(out);
  const rise = Math.min(ATTACK, seconds / 2);
  shape.gain.setValueAtTime(0, when);
  shape.gain.linearRampToValueAtTime(LOUD, when + rise);
  shape.gain.setValueAtTime(LOUD, when + Math.max(rise, seconds - 0.02));
  shape.gain.linearRampToValueAtTime(0, when + seconds + RELEASE);
  pipe.start(when);
  pipe.stop(when + seconds + RELEASE + 0.02);
  return pipe;
}

// Plays `notes`, {pitch, start, length, voice} counted in sixteenths, from `row` on; `seconds()` is how long one
// sixteenth takes, `hears(voice)` whether a voice is to be heard. Calls moved(row) at each frame and ended() at last,
// once. Returns what stops it.
function play(notes, row, { seconds, hears, moved, ended }) {
  const sound = audio();
  sound.silence();
  window.dispatchEvent(new CustomEvent("aigc-plays", { detail: sound }));
  const beat = seconds();
  const last = Math.max(0, ...notes.map((note) => note.start + note.length));
  const out = [0, 1, 2, 3].map(() => new GainNode(sound.context));
  for (const one of out) one.connect(sound.master);
  const began = sound.context.currentTime + 0.08 - row * beat;
  const waiting = notes.filter((note) => note.start + note.length > row).sort((a, b) => a.start - b.start);
  let over = false;
  const stop = () => {
    if (over) return;
    over = true;
    clearInterval(clock);
    document.removeEventListener("visibilitychange", leave);
    for (const one of out) one.disconnect();
    if (sound.silence === stop) sound.silence = () => {};
    ended();
  };
  const leave = () => document.hidden && stop();
  const hand = () => {
    if (!element.isConnected || element.offsetParent === null) return stop();
    const now = sound.context.currentTime;
    out.forEach((one, voice) => (one.gain.value = hears(voice) ? 1 : 0));
    while (waiting.length && began + waiting[0].start * beat < now + AHEAD) {
      const note = waiting.shift();
      const when = Math.max(now, began + note.start * beat);
      sing(sound, out[note.voice], note.pitch, when, began + (note.start + note.length) * beat - when);
    }
    if (now > began + last * beat + RELEASE) stop();
  };
  const clock = setInterval(hand, 100);
  document.addEventListener("visibilitychange", leave);
  sound.silence = stop;
  const frame = () => {
    if (over) return;
    moved(Math.max(row, Math.min(last, (sound.context.currentTime - began) / beat)));
    requestAnimationFrame(frame);
  };
  hand();
  requestAnimationFrame(frame);
  return stop;
}
