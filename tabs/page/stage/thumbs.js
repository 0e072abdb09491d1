// Thumbnails that can be clicked. props.value is JSON: [{"id", "src", "alt", "about"}], newest first.

const LONGEST = 60; // characters of a caption
const empty = JSON.parse(props.empty);

function paint() {
  const shown = JSON.parse(props.value || "[]");
  element.querySelector(".empty").textContent = shown.length ? "" : say(empty);
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  const groups = []; // of one prompt, which stands above them
  const nodes = shown.map((picture) => {
    if (groups.at(-1)?.alt !== picture.alt) groups.push(group(picture.alt));
    const node = thumb(picture);
    groups.at(-1).row.append(node);
    return node;
  });
  element.querySelector(".thumbs").replaceChildren(...groups.map((each) => each.figure));
  nodes.find((node) => node.dataset.id === focused)?.focus(); // who walks with the keyboard stays where they were
}

function group(alt) {
  const [figure, caption, row] = ["figure", "figcaption", "div"].map((name) => document.createElement(name));
  caption.textContent = alt.length > LONGEST ? alt.slice(0, LONGEST - 1) + "…" : alt;
  figure.append(caption, row);
  return { alt, figure, row };
}

function thumb(picture) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = [picture.alt, say(picture.about)].filter(Boolean).join("\n");
  button.dataset.id = picture.id;
  button.addEventListener("click", () => trigger("select", { id: picture.id }));
  const img = document.createElement("img");
  img.src = picture.src;
  img.alt = picture.alt;
  button.append(img);
  return button;
}

watch("value", paint);
paint();
