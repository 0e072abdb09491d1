// What views of runs share: where the server is, the words for states, series that grow, and pieces of the page.

// Where the server is, as Gradio finds it: under the page's own origin, which a proxy may have changed, if that is its host.
const ROOT = new URL(window.gradio_config?.root || "/", location.href);
const ORIGIN = ROOT.hostname === location.hostname ? location.origin : ROOT.origin;
const LIVE = ORIGIN + ROOT.pathname.replace(/\/$/, "") + "/live/";
const TIMEOUT = 20_000; // ms after which a connection counts as cut
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const STATES = {
  none: "Nothing running", queued: "In line", running: "Training", pausing: "Pausing…", paused: "Paused",
  stopping: "Stopping…", stopped: "Stopped, and kept", finished: "Finished", failed: "Failed", gone: "Gone",
  interrupted: "Interrupted",
};

const numbers = (text) => (text ? text.split(",").map(Number) : []);

// Puts what is new of series, {group: {width, start, steps, columns}} in comma strings, behind what is there.
function merge(known, news) {
  for (const [group, part] of Object.entries(news)) {
    const old = known[group];
    const keep = old && old.width === part.width ? part.start : 0;
    const series = { width: part.width, steps: numbers(part.steps), columns: {} };
    if (keep) series.steps = old.steps.slice(0, keep).concat(series.steps);
    for (const [name, text] of Object.entries(part.columns)) {
      const values = numbers(text);
      series.columns[name] = keep ? old.columns[name].slice(0, keep).concat(values) : values;
    }
    known[group] = series;
  }
}

function text(where, value) {
  const node = typeof where === "string" ? $(where) : where;
  if (node && node.textContent !== value) node.textContent = value;
}

function made(tag, words) {
  const node = document.createElement(tag);
  node.textContent = words;
  return node;
}

// The children of `node`, made of `rows` by `make(row)`: anew whenever what the rows say is not what stands there.
function list(node, rows, make) {
  const content = JSON.stringify(rows);
  if (node.content === content) return;
  node.content = content;
  node.replaceChildren(...rows.flatMap(make));
}
