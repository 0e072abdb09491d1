// The way from one melody to another. props.value is JSON: {numbers: of both, stops: the melodies on the way}.

const stop = lineRoll($(".stop"), $(".hear"), () => $(".where").textContent);
const range = $(".way input");
let way = null;

function load() {
  way = JSON.parse(props.value || "null");
  $(".melodies").toggleAttribute("data-empty", !way);
  stop.halt();
  if (!way) return;
  range.max = String(way.stops.length - 1);
  range.value = "0";
  move();
}

function move() {
  const [from, to] = way.numbers.map((number) => number + 1);
  const share = Math.round((100 * Number(range.value)) / (way.stops.length - 1));
  const where = fill("{share} % of the way from melody {from} to melody {to}", { share, from, to });
  $(".where").textContent = where;
  range.setAttribute("aria-valuetext", where);
  stop.show(way.stops[Number(range.value)]);
}

range.addEventListener("input", () => {
  move();
  stop.hear();
});
savers(stop.line);
range.setAttribute("aria-label", t("The way from A to B"));
$(".none").textContent = t("Choose two points on the map, one as A and one as B: then a slider goes from the one melody to the other.");
$("[data-kind=mid]").textContent = t("MIDI file");
$("[data-kind=wav]").textContent = t("Sound file (WAV)");
watch("value", load);
load();
