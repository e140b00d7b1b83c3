// A camera's own stream played by the browser: fragments of MP4 as they come, kept close to the newest.

const Source = globalThis.ManagedMediaSource || globalThis.MediaSource;
/** Farther from where it should be, it jumps; nearer, it plays a little faster or slower, seconds. */
const JUMP_S = 1;
const NEAR_S = 0.08;
const KEPT_S = 10;
/** Bytes that wait to be taken in; with more, the film begins anew at a key picture. */
const MOST_WAITING = 24e6;

/** @param {string | null} mime Whether this browser plays a stream as it is. */
export const isPlayed = (mime) => Boolean(mime && Source && Source.isTypeSupported(mime));

export class LiveFilm {
  /** @param {HTMLVideoElement} video @param {() => void} broken Called when it has to begin anew. */
  constructor(video, broken) {
    this.video = video;
    this.broken = broken;
    this.target = 0.2;
    this.base = 0;
    this.waiting = [];
    this.bytes = 0;
    this.buffer = null;
    this.media = null;
    video.addEventListener("error", () => this.media && this.fail());
  }

  /** @param {string} mime @param {number} start Seconds of the run at which the stamps begin. @param {Uint8Array} data */
  begin(mime, start, data) {
    if (!this.media) this.open(mime, start);
    this.push({ data, offset: start - this.base, mime });
  }

  /** @param {Uint8Array} data */
  add(data) {
    if (this.media) this.push({ data });
  }

  open(mime, start) {
    this.base = start;
    this.media = new Source();
    this.video.disableRemotePlayback = true;
    this.url = URL.createObjectURL(this.media);
    const media = this.media;
    media.addEventListener("sourceopen", () => {
      if (media !== this.media || this.buffer) return;
      this.buffer = media.addSourceBuffer(mime);
      this.buffer.addEventListener("updateend", () => this.pump());
      this.pump();
    });
    this.video.src = this.url;
  }

  push(piece) {
    this.waiting.push(piece);
    this.bytes += piece.data.length;
    if (this.bytes > MOST_WAITING) this.fail();
    else this.pump();
  }

  /** Takes in what waits: pieces without a beginning between them go together. */
  pump() {
    const { buffer } = this;
    if (!buffer || buffer.updating || !this.waiting.length || this.media.readyState !== "open") return;
    try {
      this.takeIn(buffer);
    } catch {
      this.fail();
    }
  }

  takeIn(buffer) {
    const first = this.waiting.shift();
    const parts = [first.data];
    if (first.mime) {
      buffer.changeType?.(first.mime);
      buffer.timestampOffset = first.offset;
    }
    while (this.waiting.length && !this.waiting[0].mime) parts.push(this.waiting.shift().data);
    for (const part of parts) this.bytes -= part.length;
    buffer.appendBuffer(joined(parts));
  }

  /** Time of the picture that is shown, seconds of the run. */
  get time() {
    return this.base + this.video.currentTime;
  }

  /** Keeps the film `target` seconds behind the newest picture, and forgets what was shown. */
  keepUp() {
    const { video, buffer } = this;
    const ranges = video.buffered;
    if (!buffer || !ranges.length) return;
    const from = ranges.start(ranges.length - 1);
    const end = ranges.end(ranges.length - 1);
    const wanted = Math.max(from, end - this.target);
    const late = wanted - video.currentTime;
    if (Math.abs(late) > JUMP_S || video.currentTime < from) video.currentTime = wanted;
    video.playbackRate = 1 + (Math.abs(late) > NEAR_S ? 0.1 * Math.sign(late) : 0);
    if (video.paused) video.play().catch(() => {});
    if (!buffer.updating && video.currentTime - ranges.start(0) > 2 * KEPT_S) buffer.remove(0, video.currentTime - KEPT_S);
  }

  fail() {
    this.stop();
    this.broken();
  }

  stop() {
    if (!this.media) return;
    this.media = null;
    this.buffer = null;
    this.waiting = [];
    this.bytes = 0;
    URL.revokeObjectURL(this.url);
    this.video.removeAttribute("src");
    this.video.load();
  }
}

function joined(parts) {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
