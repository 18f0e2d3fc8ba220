// What this hub offers; the server wrote it into the page (app/console/facts.py).
export const facts = JSON.parse(document.getElementById("facts").textContent);
