// Step by step: props.value is JSON, {ground, plane, numbers, alone} of a bench (see tabs/live_training/points/bench.py), or
// "" before there is one. Each picture turns into the next one slowly, so that one sees what an update did.

const SECONDS = 0.7;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let ground = null;
let [one, next] = [null, null];
let began = 0;

function load() {
  const value = JSON.parse(props.value || "null");
  ground = value && unpack(value.ground);
  const picture = value && unpack(value.plane);
  [one, next, began] = [value?.goes_on && next ? next : picture, picture, performance.now()];
  $(".by-hand").classList.toggle("begun", Boolean(value));
  $(".plane-title").textContent = t("Made points over real ones");
  $(".plane-step").textContent = picture ? caption(value) : "";
  $(".told").textContent = value ? told(value.numbers) : t("Nothing yet: press One step to go on from the run above, or begin anew.");
  $("canvas").setAttribute("aria-label", picture ? `${caption(value)}: ${inWords(ground, picture)}` : t("Made points over real ones"));
  draw();
}

function caption({ plane, alone }) {
  const parts = [fill("step {step}", { step: count(plane.step) })];
  if (alone.d) parts.push(fill("D alone: {n}", { n: count(alone.d) }));
  if (alone.g) parts.push(fill("G alone: {n}", { n: count(alone.g) }));
  return parts.join(" · ");
}

const told = (numbers) =>
  Object.entries(numbers)
    .map(([name, value]) => `${t(name)} ${Number(value.toPrecision(3))}`)
    .join(" · ");

function draw() {
  if (!element.isConnected || !next) return $("canvas").getContext("2d").clearRect(0, 0, 4096, 4096);
  const share = calm.matches ? 1 : Math.min(1, (performance.now() - began) / 1000 / SECONDS);
  drawPlane($("canvas"), ground, share < 1 ? between(one, next, share) : next);
  if (share < 1) requestAnimationFrame(draw);
}

new ResizeObserver(() => draw()).observe(element);
new MutationObserver(() => draw()).observe(document.body, { attributeFilter: ["class"] }); // dark mode
watch("value", load);
