// A provider of OpenID Connect for tests: oidc-provider on this machine, with three people whose passwords do not matter.
// Prints its issuer. Usage: node oidc_provider.mjs REDIRECT_URI userinfo|id_token HOST
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [redirectUri, claims, host] = process.argv.slice(2);
const people = {
  ann: { email: 'ann@example.com', email_verified: true, name: 'Ann Example', groups: ['finance', 'board'] },
  bob: { email: 'bob@example.com', email_verified: true, name: 'Bob Example' },
  eve: { email: 'ann@example.com', email_verified: false, name: 'Ann Example', groups: ['finance', 'board'] },
};

function key(kid, type, options) {
  return { ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), kid, use: 'sig' };
}

function client(client_id, algorithm, more) {
  return { client_id, redirect_uris: [redirectUri], id_token_signed_response_alg: algorithm, ...more };
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://${host}:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      client('confidential', 'RS256', { client_secret: 'a secret: with & signs' }),
      client('posting', 'PS256', { client_secret: 'another-secret', token_endpoint_auth_method: 'client_secret_post' }),
      client('public', 'ES256', { token_endpoint_auth_method: 'none' }),
    ],
    jwks: { keys: [key('rsa', 'rsa', { modulusLength: 2048 }), key('ec', 'ec', { namedCurve: 'P-256' })] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256'] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    scopes: ['openid', 'email', 'profile', 'groups'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    // Half of the providers put claims into the ID token, half into the answer of their userinfo endpoint.
    conformIdTokenClaims: claims === 'userinfo',
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    pkce: { required: () => true },
    cookies: { keys: ['of this test'] },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
