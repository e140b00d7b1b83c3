// The video of the dock: plays the annotated video of a visit's camera, or says why it cannot.

import { element, one } from "../../js/dom.js";
import { folder } from "./commands.js";
import { selectedVisit } from "./selection.js";

const video = one("#video");
const message = one("#novideo");

function showMessage(...words) {
  message.hidden = false;
  message.replaceChildren(...words);
}

/**
 * Plays a camera's video from a time of the run on.
 *
 * @param {import("./data.js").Camera} camera
 * @param {number} time Seconds since the run's origin.
 * @returns {boolean} Whether there is a video.
 */
export function playVideo(camera, time) {
  video.hidden = !camera.video;
  message.hidden = Boolean(camera.video);
  if (!camera.video) {
    video.pause();
    video.dataset.camera = "";
    const command = element("code", `reidtrack associate ${folder()} --video`);
    showMessage("There is no video of this camera. ", command, " renders the videos.");
    return false;
  }
  if (video.dataset.camera !== camera.name) {
    video.dataset.camera = camera.name;
    video.dataset.first = camera.first;
    video.src = camera.video;
  }
  video.currentTime = Math.max(0, time - camera.first);
  video.play().catch(() => {}); // told to stop, or not allowed to begin: the controls are there
  return true;
}

export const pauseVideo = () => video.pause();

/** Puts the keyboard's focus on the video; false where there is none to see. */
export function focusVideo() {
  if (video.hidden) return false;
  video.focus();
  return true;
}

/** Simple servers send files from their beginning alone. */
function checkSeeking() {
  if (!selectedVisit() || (video.seekable.length && video.seekable.end(0) > 0)) return;
  showMessage("This server cannot begin a film in its middle. Open report.html from the disk, where it can.");
}

function tellOfError() {
  if (!video.dataset.camera) return;
  const file = decodeURIComponent(video.getAttribute("src").slice(2));
  video.hidden = true;
  showMessage(`${file} is not beside this page, or this browser cannot play it.`);
  video.dataset.camera = "";
}

/** @param {(time: number) => void} onTime Told which time of the run the video shows. */
export function startVideo(onTime) {
  video.addEventListener("loadedmetadata", checkSeeking);
  video.addEventListener("error", tellOfError);
  const tell = () => {
    if (video.dataset.camera) onTime(video.currentTime + Number(video.dataset.first));
  };
  for (const name of ["timeupdate", "seeked"]) video.addEventListener(name, tell);
}
