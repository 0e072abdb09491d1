// The board of a room. props.value is its code; asks the route of feed.py for all of it whenever something is new.

const ASK = ORIGIN + ROOT.pathname.replace(/\/$/, "") + "/room/";
const GONE = t("This room is closed.");

let code = "";
let cursor = "";
let board = null; // {code, frozen, people, shown, tiles}
let generation = 0; // follow() of an older generation ends by itself

async function ask() {
  const cut = { trouble: t("The connection is cut. The runs go on; trying again…"), again: 1000 };
  try {
    const address = `${ASK}${encodeURIComponent(code)}?since=${encodeURIComponent(cursor)}`;
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    if (answer.status === 401) return { trouble: t("Your login has ended. Reload this page to log in again."), again: 5000 };
    if (answer.status === 410) return { trouble: GONE, again: 5000 };
    if (!answer.ok) return cut;
    const again = Number(answer.headers.get("Look-Again")) || 1500;
    return { news: answer.status === 204 ? null : await answer.json(), again };
  } catch {
    return cut;
  }
}

async function follow() {
  const mine = ++generation;
  [board, cursor] = [null, ""];
  paint();
  while (code && mine === generation && element.isConnected) {
    if (document.hidden || element.offsetParent === null) {
      await sleep(300);
      continue;
    }
    const { news, again, trouble } = await ask();
    if (mine !== generation || !element.isConnected) return;
    $(".trouble").hidden = !trouble;
    text(".trouble", trouble ?? "");
    if (news) {
      const before = listed();
      [board, cursor] = [news, news.cursor];
      paint();
      if (before !== listed()) trigger("tick");
    }
    await sleep(again);
  }
}

// What the teacher's lists depend on.
const listed = () => board && JSON.stringify([board.people, board.tiles.map((tile) => tile.run).sort()]);

// --- painting ---------------------------------------------------------------------------------------------------

const score = ({ value, percent }) => (percent ? `${(100 * value).toFixed(1)}%` : value.toPrecision(3));
const address = (tile) => `${ASK}${encodeURIComponent(code)}/${encodeURIComponent(tile.run)}/${tile.picture}`;

function about(tile) {
  const words = [t(tile.title), tile.data && t(tile.data), tile.fork === null ? "" : fill("fork from step {step}", { step: count(tile.fork) })];
  return words.filter(Boolean).join(" · ");
}

function standing(tile) {
  const going = tile.total ? fill("step {step} of {total}", { step: count(tile.step), total: count(tile.total) }) : "";
  const spent = tile.seconds >= 1 ? fill("{seconds} s of computing", { seconds: count(tile.seconds) }) : "";
  return [t(STATES[tile.state] ?? tile.state), going, spent].filter(Boolean).join(" · ");
}

// What a tile shows of what its run made; the same picture is not asked for anew.
function madeOf(tile, old) {
  const box = document.createElement("div");
  box.className = "made";
  if (tile.hidden) box.append(made("p", t("Learns from an upload; not shown.")));
  else if (tile.line) box.append(made("p", tile.line));
  else if (tile.picture !== null) {
    const image = old ?? document.createElement("img");
    const source = address(tile);
    if (image.getAttribute("src") !== source) image.src = source;
    image.alt = fill("What the run of {name} makes", { name: tile.name });
    box.append(image);
  }
  return box;
}

function drawTile(tile, place, images) {
  const item = document.createElement("li");
  const who = document.createElement("div");
  who.className = "who";
  who.append(made("b", tile.name));
  const told = made("span", tile.score ? score(tile.score) : "");
  told.className = "score";
  if (tile.score) told.title = t(tile.score.column);
  who.append(told);
  item.append(who, madeOf(tile, images.get(tile.run)));
  item.append(made("small", about(tile)), made("small", tile.score ? `${t(tile.score.column)}` : t("No score yet")));
  item.append(made("small", tile.error ? say(tile.error) : standing(tile)));
  if (tile.run) {
    const link = made("a", t("Watch"));
    link.href = `?run=${encodeURIComponent(tile.run)}`;
    link.target = "_blank";
    link.rel = "noopener";
    link.ariaLabel = fill("Watch the run of {name}, place {place}", { name: tile.name, place: place + 1 });
    const line = document.createElement("small");
    line.append(link);
    item.append(line);
  }
  item.dataset.run = tile.run;
  return item;
}

function drawTiles() {
  const node = $(".tiles");
  const content = JSON.stringify(board.tiles);
  if (node.content === content) return;
  node.content = content;
  const focused = node.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.run : "";
  const images = new Map([...node.querySelectorAll("li img")].map((image) => [image.closest("li").dataset.run, image]));
  node.replaceChildren(...board.tiles.map((tile, place) => drawTile(tile, place, images)));
  if (focused) [...node.children].find((item) => item.dataset.run === focused)?.querySelector("a")?.focus();
}

function drawScreen() {
  const tile = board.shown && board.tiles.find((each) => each.run === board.shown);
  $(".screen").hidden = !tile;
  if (!tile) return;
  text(".screen figcaption", `${tile.name} · ${about(tile)}${tile.score ? ` · ${t(tile.score.column)} ${score(tile.score)}` : ""}`);
  const image = $(".screen img");
  image.hidden = tile.picture === null;
  const grid = tile.grid ? `${LIVE}${encodeURIComponent(tile.run)}/${tile.picture}` : address(tile);
  if (tile.picture !== null && image.getAttribute("src") !== grid) image.src = grid;
  image.alt = fill("What the run of {name} makes", { name: tile.name });
  text(".screen .line", tile.line);
}

function paint() {
  if (!element.isConnected) return;
  $(".empty").hidden = !!code;
  $(".inside").hidden = !code;
  text(".empty", t("You are in no room. Open one, or join one by its code."));
  if (!board) return;
  text(".code span", t("Room"));
  text(".code b", board.code);
  text(".people", fill("People: {count} · runs: {runs}", { count: count(board.people.length), runs: count(board.tiles.length) }));
  $(".frozen").hidden = !board.frozen;
  text(".frozen", t("Frozen: nothing new can be started"));
  $(".none").hidden = board.tiles.length > 0;
  text(".none", t("No runs yet. Start one in any other tab: it appears here."));
  text("summary", t("Who is here"));
  list($(".names"), board.people, (name) => made("li", name));
  drawScreen();
  drawTiles();
  $(".board").dataset.tiles = board.tiles.length;
}

function take() {
  const value = props.value || "";
  if (value === code && generation) return;
  code = value;
  follow();
}

function begin() {
  paint();
  watch("value", take);
  take();
}
