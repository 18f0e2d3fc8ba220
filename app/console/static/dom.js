// Building the page. Text from users becomes text nodes and properties, never markup.

const SVG = "http://www.w3.org/2000/svg";

// el("p.note", {title: "…", onclick: f}, "text", child, null, [more])
export function el(kind, options = {}, ...children) {
  return build(document.createElement(kind.split(".")[0]), kind, options, children);
}

export function svg(kind, options = {}, ...children) {
  return build(document.createElementNS(SVG, kind.split(".")[0]), kind, options, children);
}

function build(node, kind, options, children) {
  const classes = kind.split(".").slice(1);
  if (classes.length) node.setAttribute("class", classes.join(" "));
  for (const [name, value] of Object.entries(options)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...clean(children));
  return node;
}

function clean(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

export function fill(node, ...children) {
  node.replaceChildren(...clean(children));
  return node;
}

let last = 0;

// A label tied to its control. `kind` is the control's element, `options` are its attributes.
export function field(label, kind, options = {}, ...children) {
  const id = `f${++last}`;
  const { hint, ...rest } = options;
  const described = hint ? { "aria-describedby": `${id}h` } : {};
  const control = el(kind, { id, ...described, ...rest }, ...children);
  const box = el("div.field", {}, el("label", { for: id }, label), control);
  if (hint) box.append(el("small", { id: `${id}h` }, hint));
  return { box, control };
}

export function button(text, onclick, kind = "", options = {}) {
  return el(`button${kind && `.${kind}`}`, { type: "button", onclick, ...options }, text);
}

export function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour12: false });
}

export function moment(time) {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? clock(time) : date.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

// The text of a gateway frame, from the first of the usual fields that has one; without it, the JSON.
export function wordsOf(frame) {
  const text = [frame.message, frame.text, frame.data, frame.content, frame.body].find((each) => typeof each === "string");
  return text ?? JSON.stringify(frame, null, 1);
}

export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}
