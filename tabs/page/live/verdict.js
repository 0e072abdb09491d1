// A panel of the live view: the diagnosis in plain words.

panels.push({ paint: paintVerdict });

function paintVerdict() {
  const verdict = run.verdict;
  $(".verdict").dataset.state = verdict ? verdict.state : "none";
  text(".verdict .title", verdict ? say(verdict.title) : t("Diagnosis"));
  text(".verdict .reason", verdict ? say(verdict.reason) : t("Appears here in plain words once there is something to measure."));
  text(".verdict .advice", verdict ? say(verdict.advice) : "");
}
