import { SqliteStorage } from "./cli/storage/sqlite_storage.ts";
import { Session } from "./cli/session.ts";
const s = await Session.open({storage: SqliteStorage.open(Deno.args[0]), transport: {connect: () => Promise.reject(new Error("no"))} as never, timeoutMs: 1000, output: {note(){}, progress(){}} as never});
for (const chat of await s.engine.chats()) { let before; const all=[]; do { const p = await s.engine.timeline(chat.chatId, before, 200); all.unshift(...p.items); before = p.before; } while (before);
 for (const i of all) console.log(i.order, new Date(i.atMs).toISOString(), i.kind==="message"? `${i.text} ${i.state}`: i.notice); }
Deno.exit(0);
