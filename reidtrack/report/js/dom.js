// Finding and making elements.

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {any} The first element that matches, or null.
 */
export const one = (selector, within = document) => within.querySelector(selector);

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {any[]} All elements that match, in document order.
 */
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/**
 * Makes an HTML element.
 *
 * @param {string} kind Its name, and classes after dots: "dl.reasons".
 * @param {...(Node | string | null | undefined)} inside Children; null and undefined are left out.
 * @returns {any} The element; a button does not submit.
 */
export function element(kind, ...inside) {
  const [name, ...classes] = kind.split(".");
  const made = document.createElement(name);
  made.classList.add(...classes);
  made.append(...inside.filter((part) => part !== null && part !== undefined));
  if (made instanceof HTMLButtonElement) made.type = "button";
  return made;
}

/**
 * Makes an SVG element.
 *
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
export function svgElement(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
