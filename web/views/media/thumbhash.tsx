import { type JSX, onMount, Show } from "solid-js";
import { type Pixels, thumbhashPixels } from "../../media/thumbhash_pixels.ts";

/** The blurred picture that came with the message; nothing where there is none. */
export function Thumbhash(props: { hash: Uint8Array | undefined }): JSX.Element {
  return <Show when={thumbhashPixels(props.hash)}>{(pixels) => <Drawn pixels={pixels()} />}</Show>;
}

function Drawn(props: { pixels: Pixels }): JSX.Element {
  let canvas!: HTMLCanvasElement;
  onMount(() => {
    const { width, height, rgba } = props.pixels;
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
  });
  return <canvas ref={canvas} class="tile-blur" aria-hidden="true" />;
}
