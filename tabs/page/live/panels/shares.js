// A panel of the live view: a bar for the share of each class.

panels.push({ paint: paintShares });

function paintShares() {
  const shares = run.shares;
  $(".charts .shares").style.visibility = shares ? "" : "hidden";
  if (!shares) return;
  text(".shares-title", t(shares.name));
  const bars = $(".bars");
  list(bars, shares.labels.map(t), (label) => [made("div", label), made("i", ""), made("span", "")]);
  const most = Math.max(0.2, ...shares.values);
  const few = 0.1 / shares.values.length; // a tenth of a fair share counts as missing
  shares.values.forEach((value, i) => {
    const [, bar, number] = Array.from(bars.children).slice(3 * i, 3 * i + 3);
    bar.style.width = (100 * value) / most + "%";
    bar.classList.toggle("missing", value < few);
    number.textContent = (100 * value).toFixed(value < 0.0995 ? 1 : 0) + "%";
  });
}
