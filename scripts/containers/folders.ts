/**
 * Lets the core write its backups into a folder of the machine that belongs to anybody: the folder gets the core's user
 * as owner, unless that user may write it already. Its group, its mode and all that is in it stay as they are.
 *
 * Runs as root before everything else, with the right to change owners (CAP_CHOWN), without network, and with nothing
 * mounted but that folder.
 */

/** The user of both servers (scripts/containers/image.mjs). */
const user = 10001;

/** The mode bits of one class of users. */
const writeAndEnter = 0o3;

/** @returns whether the core's user may make files in a folder of that owner, group and mode */
export function mayWrite({ uid, gid, mode }: { uid: number; gid: number; mode: number }): boolean {
  const shift = uid === user ? 6 : gid === user ? 3 : 0;
  return (mode >> shift & writeAndEnter) === writeAndEnter;
}

if (import.meta.main) {
  const folder = "/backup";
  const { uid, gid, mode } = await Deno.stat(folder);
  if (!mayWrite({ uid: uid ?? 0, gid: gid ?? 0, mode: mode ?? 0 })) {
    try {
      await Deno.chown(folder, user, null);
      console.log(`${folder} belongs to user ${user} now, so that backups can be written (QPQ_BACKUPS)`);
    } catch (error) {
      console.error(`qpq-setup: error: ${folder} can not be given to user ${user}: ${(error as Error).message}`);
      console.error(`qpq-setup: hint: sudo chown ${user} on the folder that QPQ_BACKUPS names`);
      Deno.exit(1);
    }
  }
}
