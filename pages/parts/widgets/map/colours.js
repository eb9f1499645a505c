// Colours that people who see few colours tell apart, with shapes beside them; and a scale from dark to light.

// Okabe and Ito's, without black: https://jfly.uni-koeln.de/color/. The shape says which of four rounds it is.
const TONES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b3a400", "#7a6ff0"];
const NONE = "#8a8f98";
const SCALE = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"]; // cividis
export const NO_VALUE = 65535;

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** The colour and shape of the value at a place of the labels, of which the last is for none. */
export function mark(place, labels) {
  if (place >= labels.length - 1) return { colour: NONE, shape: 0 };
  return { colour: TONES[place % TONES.length], shape: Math.floor(place / TONES.length) % 4 };
}

/** A colour between the ends of the scale, as three channels. */
function between(fraction) {
  const at = fraction * (SCALE.length - 1);
  const below = Math.min(Math.floor(at), SCALE.length - 2);
  const [low, high] = [below, below + 1].map((each) => channels(SCALE[each]));
  return low.map((channel, each) => Math.round(channel + (high[each] - channel) * (at - below)));
}

export const gradient = () => `linear-gradient(90deg, ${SCALE.join(", ")})`;

/** Every point's colour and shape. */
export function painted({ values, labels }, rings) {
  const [colours, shapes] = [new Uint8Array(values.length * 3), new Uint8Array(values.length)];
  const none = { tint: channels(NONE), shape: 0 };
  const marks = labels.length ? labels.map((_, place) => {
    const { colour, shape } = mark(place, labels);
    return { tint: channels(colour), shape };
  }) : Array.from({ length: 256 }, (_, level) => ({ tint: between(level / 255), shape: 0 }));
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    const plain = value === NO_VALUE ? none : marks[value >> 8];
    const { tint, shape } = labels.length ? marks[Math.min(value, labels.length - 1)] : plain;
    colours.set(tint, at * 3);
    shapes[at] = shape + (rings[at] ? 8 : 0);
  }
  return { colours, shapes };
}
