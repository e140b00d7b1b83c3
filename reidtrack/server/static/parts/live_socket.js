// The one connection of the page Live: what the server tells of all cameras, and what is wanted of it.

import { address } from "../api.js";

const AGAIN_MS = [500, 1000, 2000, 5000];
/** The server closes with this number when the page is not for who asks (any more). */
const NOT_FOR_YOU = 1008;

/**
 * @typedef {object} Piece A part of a film or a picture.
 * @property {"beginning" | "fragment" | "jpeg"} kind
 * @property {string} camera
 * @property {number} [start_s] Of a beginning, where its stamps count from, seconds of the run.
 * @property {number} [time_s] When a picture was taken.
 * @property {Uint8Array} data
 */

export class LiveSocket {
  /** @param {{media: (piece: Piece) => void, boxes: (boxes: any) => void, event: (event: any) => void, state: (state: any) => void, open: (is: boolean) => void}} told */
  constructor(told) {
    this.told = told;
    this.wanted = {};
    this.tries = 0;
    this.closed = false;
    this.connect();
  }

  connect() {
    const place = new URL(address("/live/stream"), location.href);
    place.protocol = place.protocol.replace("http", "ws");
    this.socket = new WebSocket(place);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("open", () => {
      this.tries = 0;
      this.told.open(true);
      this.ask();
    });
    this.socket.addEventListener("message", ({ data }) => this.take(data));
    this.socket.addEventListener("close", ({ code }) => this.lost(code));
  }

  /** @param {Record<string, "film" | "jpeg" | "none">} wanted Camera to how its pictures are wanted. */
  want(wanted) {
    if (JSON.stringify(wanted) === JSON.stringify(this.wanted)) return;
    this.wanted = wanted;
    this.ask();
  }

  ask() {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ cameras: this.wanted }));
  }

  take(buffer) {
    const length = new DataView(buffer).getUint32(0);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    if (head.state) this.told.state(head.state);
    for (const boxes of head.boxes) this.told.boxes(boxes);
    let from = 4 + length;
    for (const piece of head.media) {
      this.told.media({ ...piece, data: new Uint8Array(buffer, from, piece.bytes) });
      from += piece.bytes;
    }
    for (const event of head.events) this.told.event(event);
  }

  lost(code) {
    if (this.closed) return;
    this.told.open(false);
    if (code === NOT_FOR_YOU) return;
    this.again = setTimeout(() => this.connect(), AGAIN_MS[Math.min(this.tries, AGAIN_MS.length - 1)]);
    this.tries += 1;
  }

  close() {
    this.closed = true;
    clearTimeout(this.again);
    this.socket.close();
  }
}
