// Plays notes [pitch, start, length, …], in quarter notes, through WebAudio: oscillators that fade as a plucked string
// does. Nothing sounds before a click, and only one player of the page at a time.

const AHEAD = 0.4; // s that notes are handed to WebAudio before they sound
const LOOK = 80; // ms between looks for further ones
const RING = 0.9; // s that a string sounds on
const PARTIALS = new Float32Array([0, 1, 0.55, 0.32, 0.16, 0.08, 0.05]);

// A player; `changed` is called when it begins or ends, `at(beat)` at each frame while it plays.
function player(changed, at) {
  let [context, out, wave, timer] = [null, null, null, 0];
  let [notes, next, beat, since, tempo] = [[], 0, 0, 0, 120]; // at the time `since` the beat was `beat`
  const me = {};
  const now = () => beat + ((context.currentTime - since) * tempo) / 60;
  const end = () => Math.max(...notes.map((note) => note[1] + note[2]));

  function pluck(pitch, when, lasts) {
    const string = context.createOscillator();
    const hand = context.createGain();
    string.setPeriodicWave(wave);
    string.frequency.value = 440 * 2 ** ((pitch - 69) / 12);
    hand.gain.setValueAtTime(0, when);
    hand.gain.linearRampToValueAtTime(0.28, when + 0.004);
    hand.gain.setTargetAtTime(0.05, when + 0.004, 0.18);
    hand.gain.setTargetAtTime(0, when + lasts, 0.09);
    string.connect(hand).connect(out);
    string.start(when);
    string.stop(when + lasts + RING);
  }

  function look() {
    if (!element.isConnected || element.offsetParent === null) return stop(); // the visitor went elsewhere
    const until = now() + (AHEAD * tempo) / 60;
    for (; next < notes.length && notes[next][1] < until; next++) {
      const [pitch, start, length] = notes[next];
      pluck(pitch, Math.max(context.currentTime, since + ((start - beat) * 60) / tempo), (length * 60) / tempo);
    }
    if (now() > end()) stop();
  }

  function frame() {
    if (!timer) return;
    at(now());
    requestAnimationFrame(frame);
  }

  function play(asked, pace) {
    stop();
    window.dispatchEvent(new CustomEvent("aigc-plays", { detail: me }));
    context = new AudioContext();
    wave = context.createPeriodicWave(new Float32Array(PARTIALS.length), PARTIALS);
    out = context.createGain();
    out.connect(context.destination);
    notes = asked;
    [next, beat, since, tempo] = [0, Math.min(...asked.map((note) => note[1])), context.currentTime + 0.08, pace];
    timer = setInterval(look, LOOK);
    look();
    changed(true);
    frame();
  }

  function stop() {
    if (!timer) return;
    clearInterval(timer);
    timer = 0;
    context.close();
    changed(false);
  }

  function setTempo(pace) {
    if (timer) [beat, since] = [now(), context.currentTime];
    tempo = pace;
  }

  window.addEventListener("aigc-plays", (event) => event.detail !== me && stop());
  window.addEventListener("pagehide", stop);
  return { play, stop, setTempo, playing: () => !!timer, able: () => "AudioContext" in window };
}
