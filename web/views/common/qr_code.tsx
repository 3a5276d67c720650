import { createMemo, type JSX } from "solid-js";
import { fromHex } from "../../../schema/bytes.ts";
import { qrPath } from "../../state/qr_path.ts";

/** Always dark on light, whatever the page's colours: many readers can not read the inverse. */
export function QrCode(props: { hex: string; label: string }): JSX.Element {
  const qr = createMemo(() => qrPath(fromHex(props.hex)));
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${qr().size} ${qr().size}`}
      role="img"
      aria-label={props.label}
      shape-rendering="crispEdges"
    >
      <path d={qr().path} fill="currentColor" />
    </svg>
  );
}
