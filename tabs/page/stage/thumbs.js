// Thumbnails that can be clicked. props.value is JSON: [{"id", "src", "alt", "about"}], newest first.

const empty = JSON.parse(props.empty);

function paint() {
  const shown = JSON.parse(props.value || "[]");
  element.querySelector(".empty").textContent = shown.length ? "" : say(empty);
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  const nodes = shown.map((picture) => {
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
  });
  element.querySelector(".thumbs").replaceChildren(...nodes);
  nodes.find((node) => node.dataset.id === focused)?.focus(); // who walks with the keyboard stays where they were
}

watch("value", paint);
paint();
