// Draws points with WebGL: round, square, three- and four-cornered, filled or as rings.

const VERTEX = `
attribute vec2 place; attribute vec3 colour; attribute float shape; attribute float state;
uniform vec2 scale; uniform vec2 shift; uniform float size;
varying vec3 tint; varying float form; varying float mood;
void main() {
  gl_Position = vec4(place * scale + shift, 0.0, 1.0);
  gl_PointSize = size * (state > 1.5 ? 1.5 : 1.0);
  tint = colour; form = shape; mood = state;
}`;

const FRAGMENT = `
precision mediump float;
uniform float px; uniform vec3 ink;
varying vec3 tint; varying float form; varying float mood;
void main() {
  vec2 at = gl_PointCoord * 2.0 - 1.0;
  bool ring = form >= 8.0;
  float kind = ring ? form - 8.0 : form;
  float far = kind < 0.5 ? length(at)
    : kind < 1.5 ? max(abs(at.x), abs(at.y)) * 1.15
    : kind < 2.5 ? abs(at.x) + abs(at.y)
    : max(abs(at.x) * 0.9 + at.y * -0.5, at.y) * 1.25;
  float soft = 2.0 / px;
  float alpha = 1.0 - smoothstep(1.0 - soft, 1.0, far);
  if (ring) alpha *= smoothstep(0.45 - soft, 0.45, far);
  vec3 colour = tint;
  if (mood > 1.5 && far > 0.7) colour = ink;
  if (mood < 0.5) alpha *= 0.12;
  if (alpha < 0.01) discard;
  gl_FragColor = vec4(colour * alpha, alpha);
}`;

/** A painter for a canvas; null where the browser has no WebGL. */
export function painter(canvas) {
  const gl = canvas.getContext("webgl", { antialias: false, premultipliedAlpha: true });
  if (!gl) return null;
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const attributes = {};
  /** Give an attribute its values, one after another. */
  function put(name, values, each, kind, isScaled) {
    const place = gl.getAttribLocation(program, name);
    const buffer = attributes[name]?.buffer ?? gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(place);
    attributes[name] = { buffer, bytes: each * values.BYTES_PER_ELEMENT, point: (stride) =>
      gl.vertexAttribPointer(place, each, kind, isScaled, stride, 0) };
  }
  const uniform = (name) => gl.getUniformLocation(program, name);
  return {
    places: (values) => put("place", values, 2, gl.FLOAT, false),
    colours: (values) => put("colour", values, 3, gl.UNSIGNED_BYTE, true),
    shapes: (values) => put("shape", values, 1, gl.UNSIGNED_BYTE, false),
    states: (values) => put("state", values, 1, gl.UNSIGNED_BYTE, false),
    /** Draw points, or of many each so-manieth. */
    draw(count, step, view, size, ink) {
      for (const { buffer, bytes, point } of Object.values(attributes)) {
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
        point(step * bytes);
      }
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform2f(uniform("scale"), ...view.scale);
      gl.uniform2f(uniform("shift"), ...view.shift);
      gl.uniform1f(uniform("size"), size);
      gl.uniform1f(uniform("px"), size);
      gl.uniform3f(uniform("ink"), ...ink);
      gl.drawArrays(gl.POINTS, 0, Math.floor(count / step));
    },
  };
}
