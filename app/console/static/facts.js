// What this hub offers, as the page tells it.
export const facts = JSON.parse(document.getElementById("facts").textContent);
