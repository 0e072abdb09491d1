// A panel of the live view: sheets of pictures beside the samples, each under its name.

panels.push({ paint: () => hang($(".sheets"), "sheet", () => [made("img", ""), made("p", "")], paintSheet) });

function paintSheet(figure, sheet) {
  const [image, step] = [figure.querySelector("img"), count(sheet.step)];
  figure.classList.toggle("wide", sheet.width > 1.8 * sheet.height);
  text(figure.querySelector("figcaption span"), fill("step {step}", { step }));
  text(figure.querySelector("p"), say(sheet.note));
  image.style.aspectRatio = `${sheet.width} / ${sheet.height}`;
  image.alt = fill("{name}: {n} pictures at step {step}", { name: sheet.name, n: count(sheet.count), step });
  if (image.getAttribute("src") !== sheet.src) image.src = sheet.src;
}
