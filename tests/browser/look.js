// What is wrong with the page as it is shown: controls without a name, and text too faint to read (WCAG 2.2,
// 1.4.3: 4.5 to 1, and 3 to 1 where it is large). Controls that can't be used may be faint.
() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color) => {
    const [red, green, blue] = color.slice(0, 3).map((each) => each / 255)
      .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const color = rgba(getComputedStyle(each).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  const isShown = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getClientRects().length > 0;
  const where = (node) => `${node.tagName.toLowerCase()}.${node.className} ${node.textContent.trim().slice(0, 40)}`;

  const named = (node) => node.labels?.[0]?.textContent || node.getAttribute("aria-label") || node.title ||
    (["BUTTON", "A"].includes(node.tagName) && node.textContent.trim());
  const controls = [...document.querySelectorAll("input, select, textarea, button, a[href]")].filter(isShown);
  const unnamed = controls.filter((node) => !named(node)).map(where);

  const faint = [];
  for (const node of document.body.querySelectorAll("*")) {
    const hasText = [...node.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim());
    if (!hasText || !isShown(node) || node.closest("script, option, :disabled, .skip")) continue;
    const style = getComputedStyle(node);
    const [one, other] = [luminance(rgba(style.color)), luminance(ground(node))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) faint.push(`${where(node)}: ${ratio.toFixed(2)}`);
  }
  return { unnamed, faint };
}
