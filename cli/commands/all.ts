/** What each command does that has a state. */

import type { Command } from "./command.ts";
import { login, logout, register, whoami } from "./account.ts";
import { account, exportData } from "./leaving.ts";
import * as changes from "./changes.ts";
import { devices, passwd, recover, recoveryCode } from "./devices.ts";
import { save } from "./files.ts";
import { createGroup, groups, invite, join, leave, members, remove, rename, role, timer } from "./groups.ts";
import { dm } from "./dm.ts";
import { history } from "./history.ts";
import { recv, send } from "./messages.ts";
import { profile } from "./profile.ts";
import { search } from "./search.ts";
import { block, blocked, link, links, requests, unblock } from "./people.ts";
import { verify } from "./verify.ts";

/** The functions of the commands, by their names. */
export const withState: Record<string, Command> = {
  reply: changes.reply,
  react: changes.react,
  edit: changes.edit,
  delete: changes.remove,
  poll: changes.poll,
  vote: changes.vote,
  register,
  login,
  recover,
  logout,
  whoami,
  profile,
  "create-group": createGroup,
  invite,
  join,
  groups,
  members,
  remove,
  rename,
  role,
  timer,
  leave,
  link,
  links,
  requests,
  block,
  unblock,
  blocked,
  send,
  recv,
  dm,
  history,
  search,
  save,
  devices,
  verify,
  passwd,
  "recovery-code": recoveryCode,
  account,
  export: exportData,
};
