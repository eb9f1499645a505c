// A camera of this device: turned on and off, chosen among several, and in words why there is none.

import { element, t } from "../dom.js";

const REFUSED = {
  NotAllowedError: () =>
    t("The browser may not use the camera: allow it beside the address, then turn it on again."),
  NotFoundError: () => t("There is no camera here: connect one, then turn it on again."),
  NotReadableError: () => t("The camera is in use by another program: close that, then turn it on again."),
};

/** Why the browser gives no camera to this address; empty if it may. */
export function withheld() {
  if (navigator.mediaDevices?.getUserMedia) return "";
  return t(
    "Browsers give the camera only to addresses with https or localhost: open {address} on the machine that Tagwise "
      + "runs on, or let it be started with --https. Photos can also be taken through the file chooser.",
    { address: `http://localhost:${location.port || 80}` },
  );
}

/** Why the camera could not be turned on, for an error of `opened`. */
export const refused = (error) => REFUSED[error.name]?.()
  ?? t("The camera could not be turned on ({error}): try again.", { error: error.name });

/** The stream of the camera with that id, otherwise of the one that looks away from its user, if there are two. */
export function opened(device, width) {
  const wanted = device ? { deviceId: { exact: device } } : { facingMode: "environment" };
  return navigator.mediaDevices.getUserMedia({ video: { ...wanted, width: { ideal: width } } });
}

export const closed = (stream) => stream?.getTracks().forEach((track) => track.stop());

/** The id of a stream's camera. */
export const deviceOf = (stream) => stream?.getVideoTracks()[0]?.getSettings().deviceId;

/** Offer the cameras of this device in a select, which is shown if there are several. */
export async function offer(select, stream) {
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((each) => each.kind === "videoinput");
  select.hidden = cameras.length < 2;
  select.replaceChildren(...cameras.map((each, index) => element("option", {
    value: each.deviceId,
    textContent: each.label || t("Camera {number}", { number: index + 1 }),
    selected: each.deviceId === deviceOf(stream),
  })));
}

/** A canvas with what an image or video shows, at most so large that its longer side is `longest` pixels and its
 * shorter `shortest`. */
export function drawn(source, { longest, shortest = Infinity }) {
  const [width, height] = sizeOf(source);
  const scale = Math.min(1, longest / Math.max(width, height), shortest / Math.min(width, height));
  const canvas = element("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
  const context = canvas.getContext("2d", { alpha: false });
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** The width and height of an image or video in pixels, 0 before it is loaded. */
export const sizeOf = (source) =>
  [source.videoWidth ?? source.naturalWidth, source.videoHeight ?? source.naturalHeight];
