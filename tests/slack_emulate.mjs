// A workspace of Vercel's emulator of Slack (npm's `emulate`) on a free port; prints its address.
//
//     node slack_emulate.mjs FOLDER EVENTS_URL SIGNING_SECRET REDIRECT_URL
//
// The package delivers events to whoever subscribed, but gives no way to subscribe; so its plugin is told while it loads.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, events, secret, redirect] = process.argv.slice(2);
const dist = join(folder, "node_modules", "emulate", "dist");
const load = (file) => import(pathToFileURL(join(dist, file)));

const file = readdirSync(dist).find((name) => name.endsWith(".js") && /^ {2}slackPlugin$/m.test(readFileSync(join(dist, name), "utf8")));
const { slackPlugin } = await load(file);
const register = slackPlugin.register;
slackPlugin.register = (app, store, webhooks, ...rest) => {
  webhooks.register({ url: events, events: ["message"], active: true, owner: "slack" });
  return register.call(slackPlugin, app, store, webhooks, ...rest);
};

const { createEmulator } = await load("api.js");
const app = { client_id: "111.222", client_secret: "client-secret", name: "Career Assistant", bot_user_id: "U0ASSISTANT", redirect_uris: [redirect] };
const slack = {
  signing_secret: secret,
  strict_scopes: true,
  users: [{ name: "ada", real_name: "Ada" }],
  channels: [{ name: "careers", topic: "Careers in AI" }],
  oauth_apps: [app],
  tokens: [{ token: "xoxp-ada", user: "ada", type: "user" }],
};
const emulator = await createEmulator({ service: "slack", port: 0, seed: { slack } });
console.log(emulator.url);
