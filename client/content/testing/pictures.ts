/** Pictures for tests, built by hand, with the place where they were taken in each kind of metadata. */

const ascii = (words: string) => [...words].map((sign) => sign.charCodeAt(0));
const uint32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const uint32le = (value: number) => uint32(value).reverse();

/** Stands for coordinates. */
export const secret = "GPS 47.3769N 8.5417E";

/** @returns EXIF with an orientation, a directory of places and the place */
export function tiffWithPlace(orientation: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([
    ...ascii("II"),
    ...[42, 0, 8, 0, 0, 0, 2, 0],
    ...[0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0],
    ...[0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0],
    ...uint32le(0),
    ...ascii(secret),
  ]);
}

/** @param options.trailer what telephones hang on behind the end */
export function jpegOf(
  { orientation, scans = 1, trailer = true }: { orientation: number; scans?: number; trailer?: boolean },
): Uint8Array<ArrayBuffer> {
  const segment = (marker: number, body: number[]) => [0xff, marker, 0, body.length + 2, ...body];
  const scan = [...segment(0xda, [1, 1, 0, 0, 63, 0]), ...ascii("picture"), 0xff, 0, 0xff, 0xd0, 1];
  return new Uint8Array([
    ...[0xff, 0xd8],
    ...segment(0xe0, [...ascii("JFIF\0"), 1, 2, 0, 0, 1, 0, 1, 0, 0]),
    ...segment(0xe1, [...ascii("Exif\0\0"), ...tiffWithPlace(orientation)]),
    ...segment(0xe1, [...ascii("http://ns.adobe.com/xap/1.0/\0"), ...ascii(secret)]),
    ...segment(0xed, ascii(`Photoshop 3.0\0${secret}`)),
    ...segment(0xe2, ascii(`MPF\0${secret}`)),
    ...segment(0xe2, ascii("ICC_PROFILE\0\x01\x01colours")),
    ...segment(0xee, [...ascii("Adobe"), 0, 100, 0, 0, 0, 0, 1]),
    ...segment(0xfe, ascii(secret)),
    ...segment(0xdb, Array.from({ length: 65 }, () => 1)),
    ...segment(0xc0, [8, 0, 6, 0, 4, 1, 1, 0x11, 0]).with(3, 11).with(6, 6).with(8, 4),
    ...Array.from({ length: scans }, () => scan).flat(),
    ...[0xff, 0xd9],
    ...(trailer ? ascii(`ftypmp4 ${secret}`) : []),
  ]);
}

/** @param orientation in its EXIF */
export function pngOf(orientation = 1): Uint8Array<ArrayBuffer> {
  const chunk = (name: string, body: number[]) => [...uint32(body.length), ...ascii(name), ...body, 0, 0, 0, 0];
  return new Uint8Array([
    ...ascii("\x89PNG\r\n\x1a\n"),
    ...chunk("IHDR", [...uint32(4), ...uint32(6), 8, 6, 0, 0, 0]),
    ...chunk("eXIf", [...tiffWithPlace(orientation)]),
    ...chunk("tEXt", ascii(`Comment\0${secret}`)),
    ...chunk("iTXt", ascii(`XML:com.adobe.xmp\0${secret}`)),
    ...chunk("prVt", ascii(secret)),
    ...chunk("IDAT", ascii("picture")),
    ...chunk("IEND", []),
    ...ascii(secret),
  ]);
}

/** @param orientation in its EXIF */
export function webpOf(orientation = 1): Uint8Array<ArrayBuffer> {
  const chunk = (name: string, body: number[]) => [
    ...ascii(name),
    ...uint32le(body.length),
    ...body,
    ...(body.length % 2 ? [0] : []),
  ];
  const chunks = [
    ...chunk("VP8X", [0x0c | 0x20, 0, 0, 0, 3, 0, 0, 5, 0, 0]),
    ...chunk("ICCP", ascii("colours")),
    ...chunk("VP8 ", ascii("the picture")),
    ...chunk("EXIF", [...tiffWithPlace(orientation)]),
    ...chunk("XMP ", ascii(secret)),
  ];
  return new Uint8Array([...ascii("RIFF"), ...uint32le(4 + chunks.length), ...ascii("WEBP"), ...chunks]);
}
