// A conformant OpenID provider (npm's oidc-provider) with Entra ID's issuer path and claims, on loopback.
// node oidc.mjs MODULES TENANT REDIRECT; prints its issuer once it listens. Anybody is Ada, whatever they type.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';

const [modules, tenant, redirect] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`));

const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const path = `/${tenant}/v2.0`;
const issuer = `http://127.0.0.1:${server.address().port}${path}`;

const claims = {
  tid: tenant,
  oid: '00000000-0000-0000-66f3-3332eca7ea81',
  ver: '2.0',
  name: 'Ada Lovelace',
  preferred_username: 'ada@contoso.example',
  roles: ['Server.Admins'],
};
const provider = new Provider(issuer, {
  clients: [{ client_id: 'dormouse', client_secret: 'a secret: with %', redirect_uris: [redirect] }],
  claims: { openid: ['sub', 'tid', 'oid', 'ver', 'roles'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: false,
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...claims }) }),
  pkce: { required: () => true },
  cookies: { keys: ['of a test'] },
});
const answer = provider.callback();
server.on('request', (request, response) => {
  request.originalUrl = request.url;
  // Its own pages know no choice of accounts, which Entra ID has: they ask for a sign-in instead.
  request.url = request.url.slice(path.length).replace('prompt=select_account', 'prompt=login') || '/';
  request.originalUrl = path + request.url;
  answer(request, response);
});
console.log(issuer);
