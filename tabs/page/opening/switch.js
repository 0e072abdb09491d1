// A button for each language of props.locales, code -> locale, in that language's own name.

function nameOf(code) {
  try {
    return new Intl.DisplayNames([code], { type: "language" }).of(code);
  } catch {
    return code;
  }
}

$(".languages").setAttribute("aria-label", t("Language"));
$(".languages").replaceChildren(
  ...Object.entries(props.locales).map(([code, locale]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.lang = locale;
    button.value = code;
    button.textContent = nameOf(code);
    button.setAttribute("aria-pressed", String([code, locale].includes(language)));
    return button;
  }),
);

function choose(code) {
  window.aigcLanguage?.choose(code);
  const address = new URL(location.href);
  address.searchParams.set("lang", code);
  location.assign(address);
}

element.addEventListener("click", (event) => {
  const code = event.target.value;
  if (code && event.target.getAttribute("aria-pressed") !== "true") choose(code);
});

// Gradio's own list of languages, under Settings, turns only what is Gradio's: the page goes along.
new MutationObserver(() => {
  const code = document.documentElement.lang.split("-")[0];
  if (Object.hasOwn(props.locales, code) && ![code, props.locales[code]].includes(language)) choose(code);
}).observe(document.documentElement, { attributes: true, attributeFilter: ["lang"] });
