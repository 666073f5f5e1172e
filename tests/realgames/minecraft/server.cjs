// flying-squid, a server of Minecraft: Java Edition, with its world in the working directory. Its own start has the
// settings of its package's file win over all others.
const { createMCServer } = require('flying-squid')
const { HOST, PORT, NAME, PLAYERS, VERSION } = process.env

createMCServer({
  host: HOST,
  port: Number(PORT),
  motd: NAME,
  'max-players': Number(PLAYERS),
  'online-mode': false,
  logging: true,
  gameMode: 1,
  difficulty: 0,
  worldFolder: 'world',
  generation: { name: 'superflat', options: {} },
  kickTimeout: 10000,
  plugins: {},
  modpe: false,
  'view-distance': 2,
  'player-list-text': { header: { text: '' }, footer: { text: '' } },
  'everybody-op': true,
  'max-entities': 10,
  version: VERSION
})
