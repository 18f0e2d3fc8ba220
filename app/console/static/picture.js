// Pictures as data: URLs that fit into a request: a sample that is drawn here, or a file made smaller.

const LONGEST = 1200;
const MOST_CHARACTERS = 900_000; // less than the 1 MiB that a request may have

function canvas(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}

export async function shrink(file) {
  const image = await createImageBitmap(file).catch(() => {
    throw new Error("This file is not a picture that the browser knows.");
  });
  for (let longest = LONGEST; longest > 100; longest /= 1.5) {
    const scale = Math.min(1, longest / Math.max(image.width, image.height));
    const sheet = canvas(Math.max(1, Math.round(image.width * scale)), Math.max(1, Math.round(image.height * scale)));
    sheet.getContext("2d").drawImage(image, 0, 0, sheet.width, sheet.height);
    const url = sheet.toDataURL(file.type === "image/png" ? "image/png" : "image/jpeg", 0.9);
    if (url.length <= MOST_CHARACTERS) return url;
  }
  throw new Error("This picture is too large.");
}

// A sample advertisement: a headline, a product and a button, each time in other colours.
export function samplePicture() {
  const hue = Math.floor(Math.random() * 360);
  const sheet = canvas(960, 600);
  const pen = sheet.getContext("2d");
  const draw = (color, x, y, width, height, radius) => {
    pen.fillStyle = color;
    pen.beginPath();
    pen.roundRect(x, y, width, height, radius);
    pen.fill();
  };
  draw(`hsl(${hue} 45% 94%)`, 0, 0, 960, 600, 0);
  draw(`hsl(${hue} 60% 24%)`, 70, 110, 400, 58, 8);
  draw(`hsl(${hue} 60% 24%)`, 70, 190, 290, 58, 8);
  draw(`hsl(${hue} 20% 62%)`, 70, 290, 350, 18, 9);
  draw(`hsl(${hue} 20% 62%)`, 70, 324, 310, 18, 9);
  draw(`hsl(${(hue + 180) % 360} 80% 50%)`, 70, 420, 220, 78, 39);
  draw(`hsl(${(hue + 30) % 360} 70% 55%)`, 560, 110, 320, 388, 160);
  return sheet.toDataURL("image/png");
}
