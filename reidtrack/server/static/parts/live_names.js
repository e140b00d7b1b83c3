// Who a live track is by now, and what people are called.

const GREY = "#aaaaaa";
const MOST_KNOWN = 2000;
const MOST_STEPS = 20;

export class LiveNames {
  /** @param {string[]} palette Colours of people 1, 2 and so on. */
  constructor(palette) {
    this.palette = palette;
    this.names = new Map();
    this.tracks = new Map();
    this.into = new Map();
    this.name = this.name.bind(this);
    this.colour = this.colour.bind(this);
  }

  /** @param {{identity: number, name: string | null}} person */
  learn(person) {
    if (person.name) this.names.set(person.identity, person.name);
  }

  /** Takes what an event says of tracks and people. */
  take(event) {
    const kind = event.event;
    if (kind === "identity") this.tracks.set(`${event.camera} ${event.track_id}`, event.identity);
    if (kind === "merge") this.into.set(event.from, event.into);
    if (kind === "split") for (const [camera, track] of event.tracklets) this.tracks.set(`${camera} ${track}`, event.into);
    for (const known of [this.tracks, this.into]) if (known.size > MOST_KNOWN) known.delete(known.keys().next().value);
  }

  /** @param {string} camera @param {number} track @param {number | null} said Who it was when its box was told. */
  who(camera, track, said) {
    let identity = this.tracks.get(`${camera} ${track}`) ?? said;
    for (let step = 0; this.into.has(identity) && step < MOST_STEPS; step += 1) identity = this.into.get(identity);
    return identity;
  }

  /** @param {number} identity */
  name(identity) {
    return this.names.get(identity) ?? `person ${identity}`;
  }

  /** @param {number | null} identity */
  colour(identity) {
    return identity === null ? GREY : this.palette[(identity - 1) % this.palette.length];
  }
}
