// A panel of the live view: the diagnosis in plain words.

// A screen reader is told of another diagnosis, not of each number in one, and not more often than one can listen.
const QUIET = 10000; // ms
let told;

panels.push({
  forget: () => (clearTimeout(told?.timer), (told = { state: "", at: 0 })),
  paint: paintVerdict,
});

function paintVerdict() {
  const verdict = run.verdict;
  $(".verdict").dataset.state = verdict ? verdict.state : "none";
  text(".verdict .title", verdict ? say(verdict.title) : t("Diagnosis"));
  text(".verdict .reason", verdict ? say(verdict.reason) : t("Appears here in plain words once there is something to measure."));
  text(".verdict .advice", verdict ? say(verdict.advice) : "");
  tell();
}

function tell() {
  clearTimeout(told.timer);
  const state = run.verdict ? run.verdict.state : "";
  if (state === told.state) return;
  const wait = told.at + QUIET - Date.now();
  if (wait > 0) return void (told.timer = setTimeout(tell, wait));
  told = { state, at: Date.now() };
  text(".verdict .sr-only", run.verdict ? say(run.verdict.title) : "");
}
