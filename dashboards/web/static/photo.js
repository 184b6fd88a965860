// A photo is made small on the phone itself: its pixels are drawn anew, so nothing of where, when and with what stays in it.
"use strict";
const PHOTO_MAX = 200000, SIDES = [1280, 1024, 800, 640], QUALITIES = [.8, .65, .5];

async function shrink(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  for (const side of SIDES) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const drawing = canvas.getContext("2d");
    drawing.fillStyle = "#fff";
    drawing.fillRect(0, 0, canvas.width, canvas.height);
    drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
    for (const quality of QUALITIES) {
      const small = await new Promise(done => canvas.toBlob(done, "image/jpeg", quality));
      if (small && small.size <= PHOTO_MAX) return small;
    }
  }
  return null;
}

for (const field of document.querySelectorAll(".photo-field")) {
  const input = field.querySelector("input"), note = field.querySelector(".note"), form = field.closest("form");
  let shrinking = null;
  field.hidden = false;

  async function take() {
    const [file] = input.files, kept = new DataTransfer();
    const small = await shrink(file).catch(() => null);
    if (input.files[0] !== file) return; // another was chosen meanwhile
    if (small) kept.items.add(new File([small], "photo.jpg", { type: "image/jpeg" }));
    input.files = kept.files;
    note.textContent = small ? field.dataset.done.replace("{kb}", Math.ceil(small.size / 1000)) : field.dataset.large;
    shrinking = null;
  }
  input.addEventListener("change", () => {
    note.textContent = "";
    shrinking = input.files.length ? take() : null;
  });
  form.addEventListener("reset", () => { note.textContent = ""; });
  form.addEventListener("submit", event => { // who sends at once waits until the photo is small
    if (!shrinking) return;
    event.preventDefault();
    shrinking.then(() => form.requestSubmit());
  });
}
