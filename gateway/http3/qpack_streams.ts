/**
 * Reads a peer's QPACK streams: the instructions that an endpoint without a dynamic table allows (RFC 9204
 * §4.3, §4.4).
 */
import type { ByteReader } from "./byte_reader.ts";
import { h3Code, Http3Error } from "./error_codes.ts";

const setCapacityZero = 0b0010_0000;

/**
 * Reads an encoder stream to its end. With a capacity of 0, the only allowed instruction is to set that
 * capacity to 0.
 *
 * @throws Http3Error QPACK_ENCODER_STREAM_ERROR
 */
export async function readEncoderStream(reader: ByteReader): Promise<void> {
  for (let bytes = await reader.some(1024); bytes; bytes = await reader.some(1024)) {
    if (bytes.some((byte) => byte !== setCapacityZero)) {
      throw new Http3Error(h3Code.qpackEncoderStreamError, "instruction for a dynamic table of capacity 0");
    }
  }
}

/**
 * Reads a decoder stream to its end. The gateway's field sections need no acknowledgement, so only stream
 * cancellations (§4.4.2) are allowed.
 *
 * @throws Http3Error QPACK_DECODER_STREAM_ERROR
 */
export async function readDecoderStream(reader: ByteReader): Promise<void> {
  let continuationBytes = 0;
  let inInteger = false;
  for (let bytes = await reader.some(1024); bytes; bytes = await reader.some(1024)) {
    for (const byte of bytes) {
      if (inInteger) {
        inInteger = byte >= 0x80;
        if (++continuationBytes > 9) throw new Http3Error(h3Code.qpackDecoderStreamError, "stream id too long");
        continue;
      }
      if ((byte & 0b1100_0000) !== 0b0100_0000) {
        throw new Http3Error(h3Code.qpackDecoderStreamError, "acknowledgement of what was never sent");
      }
      inInteger = (byte & 0x3f) === 0x3f;
      continuationBytes = 0;
    }
  }
}
