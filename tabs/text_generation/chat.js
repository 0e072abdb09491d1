// The chat as bubbles that show each character as it is. props.value is a scene as JSON, see chat.py:
// {"turns": [{"role", "content", "about", "cut"}], "trouble", "over", "before", "placeholder", "examples"}.
// Each tab of a browser keeps its own chat, until it is closed.

const KEPT = "aigc-playground-chat";
let scene = { turns: [] };
let invited = { hello: "", examples: [] };

function paint() {
  if (props.value) scene = JSON.parse(props.value);
  if (scene.placeholder) invited = { hello: scene.placeholder, examples: scene.examples };
  const box = $(".turns");
  box.setAttribute("aria-label", t("The conversation"));
  const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 40;
  if (scene.turns.length) converse(box);
  else invite(box);
  $(".trouble").hidden = !scene.trouble;
  $(".trouble").textContent = scene.trouble || "";
  document.getElementById("text-cut")?.classList.toggle("offered", !!scene.over);
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ turns: scene.turns }));
  } catch {
    // too long for the browser: it lasts as long as the page
  }
}

function converse(box) {
  if (!box.querySelector(".turn")) box.replaceChildren();
  while (box.children.length > scene.turns.length) box.lastChild.remove();
  scene.turns.forEach((turn, at) => {
    let node = box.children[at];
    if (node && node.dataset.role !== turn.role) {
      node.replaceWith(bubble(turn));
      node = box.children[at];
    }
    if (!node) box.append((node = bubble(turn)));
    if (node.classList.contains("editing")) return;
    write(node.querySelector(".words"), turn.content);
    node.querySelector(".words").dataset.empty = t("(no text)");
    write(node.querySelector(".about"), turn.about || "");
    offer(node.querySelector(".tools"), turn, at);
  });
}

function bubble(turn) {
  const mine = turn.role === "user";
  const node = make("div", mine ? "turn mine" : "turn");
  node.dataset.role = turn.role;
  const message = make("div", mine ? "user message" : "bot message");
  message.append(make("div", "words"), make("span", "about"));
  node.append(message, make("div", "tools"));
  return node;
}

function make(tag, name = "", words = "") {
  const node = document.createElement(tag);
  node.className = name;
  node.textContent = words;
  return node;
}

// What is there already stays, so that a selection does.
function write(node, words) {
  const old = node.textContent;
  if (old === words) return;
  if (old && words.startsWith(old)) node.firstChild.appendData(words.slice(old.length));
  else node.textContent = words;
}

// The buttons below a turn: all may be copied, a person's own be edited, the last be had anew.
function offer(box, turn, at) {
  const last = at === scene.turns.length - 1;
  const asked = turn.role === "user" ? at : at - 1;
  const tools = [[t("Copy"), (event) => copy(event.currentTarget, turn.content)]];
  if (turn.role === "user") tools.push([t("Edit"), () => edit(at)]);
  if (last) tools.push([t("Retry"), () => ask("retry", asked)], [t("Undo"), () => ask("undo", asked)]);
  if (last && turn.cut) tools.push([t("Continue"), () => ask("submit", at), "main"]);
  const names = tools.map(([name]) => name).join();
  if (box.dataset.names !== names) box.replaceChildren(...tools.map(([name, , look]) => button(name, look)));
  box.dataset.names = names;
  tools.forEach(([, act], i) => (box.children[i].onclick = act));
}

function button(words, name = "") {
  const node = make("button", name, words);
  node.type = "button";
  return node;
}

const ask = (event, index, value = "") => trigger(event, { index, value, previous_value: "" });

async function copy(node, words) {
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    const area = document.body.appendChild(make("textarea")); // where a page may not use the clipboard
    area.value = words;
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  node.textContent = t("Copied");
  setTimeout(() => (node.textContent = t("Copy")), 1500);
}

function edit(at) {
  const node = $(".turns").children[at];
  const before = scene.turns[at].content;
  const area = make("textarea");
  area.value = before;
  area.setAttribute("aria-label", t("Your message"));
  const asShown = area.value; // a browser makes one kind of line break of all
  const [submit, cancel] = [button(t("Submit"), "main"), button(t("Cancel"))];
  const close = () => {
    node.replaceWith(bubble(scene.turns[at]));
    paint();
  };
  cancel.onclick = close;
  submit.onclick = () => {
    const value = area.value === asShown ? before : area.value;
    close();
    ask("edit", at, value);
  };
  area.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") cancel.click();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit.click();
  });
  node.classList.add("editing", "own-keys");
  node.querySelector(".message").replaceWith(area);
  node.querySelector(".tools").replaceChildren(submit, cancel);
  area.focus();
}

function invite(box) {
  const hello = make("div", "placeholder", invited.hello);
  const examples = make("div", "examples");
  for (const one of invited.examples) {
    const node = button(one.display_text, "example");
    node.onclick = () => trigger("example_select", { index: 0, value: one });
    examples.append(node);
  }
  hello.append(examples);
  if (scene.before?.length) {
    const back = button(t("Bring the last chat back"), "back");
    back.onclick = () => {
      props.value = JSON.stringify({ turns: scene.before });
      paint();
    };
    hello.append(back);
  }
  box.replaceChildren(hello);
}

onLost((sentence) => {
  const last = scene.turns.at(-1);
  if (!last || (last.role !== "user" && last.about)) return; // nothing was being written
  props.value = JSON.stringify({ ...scene, trouble: sentence });
  paint();
});
watch("value", () => {
  paint();
  keep();
});
paint(); // what stands there at first is kept already, or not to be
