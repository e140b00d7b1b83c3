// A photo that is dropped, pasted or chosen, and who in it is meant: one of those found, or a box that is drawn.

import { element, one } from "../../../report/js/dom.js";
import { address, path, send } from "../api.js";
import { button, field, input } from "./make.js";

const LEAST_SIDE = 4;

/** The bytes of a file in base64. */
function base64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(String(reader.result).split(",")[1] ?? ""));
    reader.addEventListener("error", () => failed(new Error("the file cannot be read")));
    reader.readAsDataURL(file);
  });
}

/** The first picture among what was dropped or pasted. */
export const fileOf = (transfer) => [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? transfer?.files?.[0];

/** A picture of which a part is meant. */
export class Photo {
  /** @param {import("../router.js").App} app @param {string} label @param {() => void} changed Called when who is meant changes. */
  constructor(app, label, changed) {
    this.app = app;
    this.changed = changed;
    /** @type {Record<string, unknown> | null} What the interface is asked about, without the box. */
    this.source = null;
    this.box = null;
    const files = input("file", { accept: "image/*" });
    files.addEventListener("change", () => files.files[0] && this.take(files.files[0]));
    this.scene = element("div.scene-box");
    this.who = element("p.row");
    this.who.setAttribute("role", "status");
    this.panel = element("section.panel.drop", field(label, files), this.scene, this.who);
    this.listen();
  }

  listen() {
    this.panel.addEventListener("dragover", (event) => event.preventDefault());
    this.panel.addEventListener("drop", (event) => {
      event.preventDefault();
      const file = fileOf(event.dataTransfer);
      if (file) this.take(file);
    });
  }

  /** What the interface is asked about; null while nobody is meant. */
  get picture() {
    if (!this.source || (this.needsBox && !this.box)) return null;
    return this.box ? { ...this.source, box_xyxy: this.box } : this.source;
  }

  /** A picture that a run has kept: one person from edge to edge. */
  show(source, href) {
    this.needsBox = false;
    this.source = source;
    this.box = null;
    this.draw(href);
    this.who.replaceChildren("a picture of a run");
    this.changed();
  }

  /** A frame of a camera, in which a box says who is meant; another can be drawn. */
  showFrame(source, box) {
    this.needsBox = true;
    this.source = source;
    this.draw(address(path("runs", source.run, "cameras", source.camera, "frame"), { time_s: source.time_s }));
    this.who.replaceChildren("a frame of a camera; a box can be drawn anew");
    one("img", this.scene).addEventListener("load", ({ target }) => {
      this.size = [target.naturalWidth, target.naturalHeight];
      this.mean(box.length === 4 && box.every(Number.isFinite) ? box : null, true);
    }, { once: true });
  }

  async take(file) {
    this.needsBox = true;
    this.source = null;
    this.box = null;
    this.who.replaceChildren("looking for people…");
    try {
      const source = { image: await base64(file) };
      const found = await send("POST", "/detect", { picture: source });
      this.source = source;
      this.draw(URL.createObjectURL(file));
      this.offer(found);
    } catch (error) {
      this.scene.replaceChildren();
      this.who.replaceChildren(error.message);
    }
    this.changed();
  }

  offer({ people, width, height }) {
    this.size = [width, height];
    this.mean(people.length === 1 ? people[0] : null);
    const several = people.map((box, index) => button(`person ${index + 1}`, () => this.mean(box, true)));
    const words = ["Nobody is found.", "One person is found."][people.length] ?? "Who is meant?";
    this.who.replaceChildren(words, ...(people.length > 1 ? several : []), " Or draw a box around somebody.");
    for (const box of people) this.frame(box, "found");
  }

  draw(href) {
    const image = element("img");
    image.alt = "the photo";
    image.src = href;
    image.draggable = false;
    this.scene.replaceChildren(image);
    if (this.needsBox) image.addEventListener("pointerdown", (event) => this.drag(event, image));
  }

  /** A frame around a box, in shares of the picture. */
  frame([x1, y1, x2, y2], kind) {
    const [width, height] = this.size;
    const mark = element(`i.${kind}`);
    const places = { left: x1 / width, top: y1 / height, width: (x2 - x1) / width, height: (y2 - y1) / height };
    for (const [name, share] of Object.entries(places)) mark.style[name] = `${share * 100}%`;
    this.scene.append(mark);
  }

  mean(box, told = false) {
    this.box = box;
    one("i.meant", this.scene)?.remove();
    if (box) this.frame(box, "meant");
    if (told) this.changed();
  }

  drag(event, image) {
    event.preventDefault();
    image.setPointerCapture(event.pointerId);
    const at = (moved) => {
      const { left, top, width, height } = image.getBoundingClientRect();
      const share = (value, whole) => Math.min(1, Math.max(0, value / whole));
      return [share(moved.clientX - left, width) * this.size[0], share(moved.clientY - top, height) * this.size[1]];
    };
    const [x, y] = at(event);
    const move = (moved) => {
      const [u, v] = at(moved);
      const box = [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
      if (box[2] - box[0] >= LEAST_SIDE && box[3] - box[1] >= LEAST_SIDE) this.mean(box);
    };
    image.addEventListener("pointermove", move);
    const end = () => {
      image.removeEventListener("pointermove", move);
      this.changed();
    };
    for (const name of ["pointerup", "pointercancel"]) image.addEventListener(name, end, { once: true });
  }
}

/** Has pictures that are pasted anywhere on the page taken; what it returns ends that. */
export function takePasted(take) {
  const paste = (event) => {
    const file = fileOf(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    take(file);
  };
  document.addEventListener("paste", paste);
  return () => document.removeEventListener("paste", paste);
}
